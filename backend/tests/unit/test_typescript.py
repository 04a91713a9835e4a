"""Test that the wire types of the page are those of the server (W9, S9)."""

from pathlib import Path

from alcove.api.typescript import document

PAGE_TYPES = Path(__file__).parents[3] / "frontend/packages/client/src/protocol/wire.gen.ts"


def test_w9_the_generated_types_of_the_page_are_current() -> None:
    assert document() == PAGE_TYPES.read_text()


def test_s9_entries_are_distinguished_by_kind() -> None:
    assert "export type Entry =\n  | MessageEntry\n  | EditEntry\n  | DeleteEntry\n  | EventEntry;" in document()
