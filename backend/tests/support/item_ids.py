"""Valid and invalid item ids for the tests of everything that takes one (H3); the tests of the page share them."""

import json
from pathlib import Path

import pytest

_TABLE = json.loads(
    (Path(__file__).parents[3] / "frontend/packages/client/test/support/itemIds.json").read_text(encoding="utf-8")
)
VALID_IDS: list[str] = _TABLE["good"]
#: Invalid ids, each with the id that the refusal names: its NFC form if that is valid, else an empty text.
INVALID_IDS: list[tuple[str, str]] = [(case["id"], case.get("normalized", "")) for case in _TABLE["bad"]]


def _shown(case: object) -> str:
    """Format a case as a test id that every terminal can show."""
    return ascii(case)[:40]


each_valid_id = pytest.mark.parametrize("item_id", VALID_IDS, ids=_shown)
each_invalid_id = pytest.mark.parametrize(("invalid_id", "normalized"), INVALID_IDS, ids=_shown)
