"""Test that SQLite answers every query by an index, so that no query slows down as entries are added (L4)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alcove.storage.queries import load_queries
from alcove.storage.sqlite import connection as sqlite_connection
from alcove.storage.sqlite import schema as sqlite_schema

QUERIES = load_queries(Path(sqlite_schema.__file__).with_name("queries.sql"))
#: The number of values per row, by the name of each query that takes rows.
VALUES_PER_ROW = {
    "rooms": 1,
    "save_rooms": 5,
    "insert_messages": 9,
    "find_removed_ids": 3,
    "rooms_with_different_entry": 3,
    "count_unread": 2,
    "entries_by_seq": 2,
}


class AnyParameters(dict[str, object]):
    """Parameters of a query: a value (None) for every name."""

    def __missing__(self, _name: str) -> None:
        return None


def query_plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    """Return the steps of SQLite's query plan."""
    values = AnyParameters() if ":" in sql else [None] * sql.count("?")
    return [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize("row_count", [1, 4, 16, 64])
@pytest.mark.parametrize("name", QUERIES)
def test_l4_no_query_scans_all_entries_or_ids(name: str, row_count: int) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        sqlite_schema.prepare_schema(connection, Path(":memory:"))
        sql = QUERIES[name]
        if "(...)" in sql:
            sql = sqlite_connection.expand_rows(sql, VALUES_PER_ROW[name], row_count)
        steps = query_plan(connection, sql)

    assert not [step for step in steps if step.startswith(("SCAN entries", "SCAN ids", "SCAN e", "SCAN i"))], steps
