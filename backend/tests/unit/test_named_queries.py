"""Test the loading of named queries and schema steps from SQL files."""

import re
from pathlib import Path

import pytest

from alcove.storage import queries
from alcove.storage.queries import load_queries, schema_files

ENGINES = [Path(queries.__file__).parent / engine for engine in ("sqlite", "postgres")]


def test_each_query_is_named_by_the_line_above_it(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text(
        "A comment on the file.\n\n-- one --\nSELECT 1\n  -- why --not\n;\n\n-- the_other --\n\nSELECT 2;\n"
    )

    assert load_queries(file) == {"one": "SELECT 1\n  -- why --not\n;", "the_other": "SELECT 2;"}


def test_a_file_without_names_has_no_queries(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_text("SELECT 1;\n")

    assert load_queries(file) == {}


def test_queries_are_read_as_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "queries.sql"
    file.write_bytes("-- one --\nSELECT 'ñ'".encode())

    assert load_queries(file) == {"one": "SELECT 'ñ'"}


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_query_names_are_unique_and_no_query_is_empty(engine: Path) -> None:
    named = load_queries(engine / "queries.sql")

    headers = re.findall(r"^-- (\w+) --$", (engine / "queries.sql").read_text(encoding="utf-8"), re.MULTILINE)
    assert headers == list(named)
    assert [name for name, query in named.items() if not query] == []


def test_schema_steps_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("010.sql", "002.sql", "001.sql", "queries.sql", "1.sql", "001.sql.orig"):
        (tmp_path / name).write_text(name)

    assert schema_files(tmp_path) == ["001.sql", "002.sql", "010.sql"]


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_schema_steps_are_numbered_from_1_without_gaps(engine: Path) -> None:
    """The version of a schema is the number of steps that it has taken."""
    numbers = sorted(int(path.stem) for path in engine.glob("[0-9]*.sql"))

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == len(schema_files(engine))
