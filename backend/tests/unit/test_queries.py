"""SQLite answers every query by an index, so that none takes longer with more entries."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alcove.storage.queries import load_queries
from alcove.storage.sqlite import file as sqlite_file

QUERIES = load_queries(Path(sqlite_file.__file__).with_name("queries.sql"))
#: Values per row, of the queries that take rows.
WIDTHS = {
    "rooms": 1,
    "move_rooms": 5,
    "add_messages": 7,
    "known_ids_of_removed": 3,
    "rooms_with_another_entry": 3,
    "unread_of": 2,
    "entries_at": 2,
}


class Anything(dict[str, object]):
    """Parameters that have a value for every name."""

    def __missing__(self, _name: str) -> None:
        return None


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    """Return the steps of SQLite's query plan."""
    values = Anything() if ":" in sql else [None] * sql.count("?")
    return [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize("rows", [1, 4, 16, 64])
@pytest.mark.parametrize("name", QUERIES)
def test_l4_no_query_scans_all_entries_or_ids(name: str, rows: int) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        sqlite_file.prepare(connection, Path(":memory:"))
        sql = QUERIES[name]
        if "(...)" in sql:
            sql = sqlite_file._spread(sql, WIDTHS[name], rows)
        steps = plan(connection, sql)

    assert not [step for step in steps if step.startswith(("SCAN entries", "SCAN ids", "SCAN e", "SCAN i"))], steps
