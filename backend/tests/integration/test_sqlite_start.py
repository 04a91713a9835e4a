"""Test the start on SQLite: unusable files are reported in one line, old files are migrated (S7, H3)."""

import os
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alcove import progress
from alcove.limits import Retention
from alcove.storage.base import LogUnusableError
from alcove.storage.sqlite import connection as sqlite_connection
from alcove.storage.sqlite import schema as sqlite_schema
from alcove.storage.sqlite.log import SqliteLog
from tests.support.drafts import BOB, append, edit, message, read_bodies
from tests.support.servers import ALCOVE, Process

#: Root may write read-only files, unless it drops that capability.
UNPRIVILEGED = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
#: A file of the first schema: the room's first two entries are removed, the fourth is edited by the fifth.
FIRST_SCHEMA = Path(sqlite_schema.__file__).with_name("001.sql")
FIRST_ROWS = """
INSERT INTO meta VALUES ('log_id', 'first');
INSERT INTO rooms VALUES (1, 'foo', 5, 3, 5000), (2, 'bar', 1, 1, 2500);
INSERT INTO entries VALUES (1, 3, 'message', 'c', 'ada', 'Ada', 3000, NULL, '"third"', NULL, NULL);
INSERT INTO entries VALUES (1, 4, 'message', 'd', 'bob', 'Bob', 4000, NULL, '"new"', 5000, NULL);
INSERT INTO entries VALUES (1, 5, 'edit', 'e', 'bob', 'Bob', 5000, 4, '"new"', NULL, NULL);
INSERT INTO entries VALUES (2, 1, 'message', 'a', 'ada', 'Ada', 2500, NULL, '"elsewhere"', NULL, NULL);
INSERT INTO ids VALUES (1, 'ada', 'a', 1, 1000), (1, 'bob', 'b', 2, 2000), (1, 'ada', 'c', 3, 3000);
INSERT INTO ids VALUES (1, 'bob', 'd', 4, 4000), (1, 'bob', 'e', 5, 5000), (2, 'ada', 'a', 1, 2500);
PRAGMA user_version = 1;
"""


def create_first_schema(path: Path, *items: str) -> None:
    """Create a file of the first schema with `FIRST_ROWS`, and with an empty room for each of the items."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(FIRST_SCHEMA.read_text() + FIRST_ROWS)
        database.execute(f"PRAGMA application_id = {sqlite_schema.APPLICATION_ID}")
        database.executemany("INSERT INTO rooms (item) VALUES (?)", [(item,) for item in items])


async def create_log(path: Path) -> None:
    """Create a log at the path."""
    await (await SqliteLog.open(path, Retention())).close()


def serve(url: str) -> Process:
    """Start `alcove serve` on the URL."""
    command: list[str | Path] = [*UNPRIVILEGED, ALCOVE, "serve", "--port", "0"]
    return Process(command, env={"ALCOVE_DATABASE_URL": url})


def failed_start_line(process: Process) -> str:
    """Return the one line that the command printed before it failed."""
    try:
        code = process.wait_for_exit()
    finally:
        process.end(signal.SIGKILL)
    assert code != 0, process.output
    assert len(process.lines) == 1, process.output
    return process.lines[0]


def test_s7_missing_folder_is_reported_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "none"

    assert re.search(f"^alcove: .*no folder {folder}", failed_start_line(serve(f"sqlite:///{folder}/alcove.db")))
    assert not folder.exists()


def test_s7_file_that_is_no_database_is_reported_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database\n" * 1000)

    assert "file is not a database" in failed_start_line(serve(f"sqlite:///{path}"))
    assert path.read_text() == "not a database\n" * 1000


def test_s7_database_of_another_program_is_reported_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript("CREATE TABLE rooms (id INTEGER); PRAGMA user_version = 1")
    before = path.read_bytes()

    assert "database of another program" in failed_start_line(serve(f"sqlite:///{path}"))
    assert path.read_bytes() == before


async def test_file_of_the_first_schema_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    create_first_schema(path)
    log = await SqliteLog.open(path, Retention())
    try:
        page = await log.read("foo", after=0, limit=10)
        assert (log.id, page.log, page.oldest, page.head) == ("first", "first", 3, 5)
        assert await read_bodies(log) == {3: '"third"', 4: '"new"', 5: '"new"'}
        assert await read_bodies(log, "bar") == {1: '"elsewhere"'}
        # Ids of sends stay known after their entries are removed; no other id is known.
        drafts = [message("a"), message("b", by=BOB), message("c"), message("d", by=BOB), message("b")]
        assert await append(log, *drafts) == [(1, True), (2, True), (3, True), (4, True), (6, False)]
        assert await append(log, message("a", item="bar"), message("b", item="bar")) == [(1, True), (2, False)]
        assert await append(log, edit("f", 4, "newest", by=BOB)) == [(7, False)]
        assert (await read_bodies(log))[4] == '"newest"'
    finally:
        await log.close()


async def test_long_migration_logs_the_bytes_written_and_the_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "alcove.db"
    create_first_schema(path)
    monkeypatch.setattr(sqlite_schema, "_PROGRESS_INSTRUCTIONS", 10)
    monkeypatch.setattr(progress, "_LONG_S", 0)
    monkeypatch.setattr(progress, "_TERMINAL_S", 0)
    monkeypatch.setattr(progress, "_LOG_S", 0)
    await create_log(path)

    progress_lines = [line for line in caplog.messages if "MB written, " in line]
    assert progress_lines
    assert all(line.startswith(f"{path}: ") for line in progress_lines)


async def test_s7_newer_schema_is_reported_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    await create_log(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 999")

    assert re.search("has schema 999 .* start a newer Alcove", failed_start_line(serve(f"sqlite:///{path}")))


async def test_s7_read_only_file_is_reported_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    await create_log(path)
    path.chmod(0o444)

    assert "readonly database" in failed_start_line(serve(f"sqlite:///{path}"))


async def test_s7_read_only_folder_is_reported_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o555)
    try:
        assert "unable to open database file" in failed_start_line(serve(f"sqlite:///{folder}/alcove.db"))
    finally:
        folder.chmod(0o755)


def test_s7_folder_in_place_of_the_file_is_reported_in_one_line(tmp_path: Path) -> None:
    assert "unable to open database file" in failed_start_line(serve(f"sqlite:///{tmp_path}"))


def test_unknown_scheme_is_reported_in_one_line() -> None:
    assert "ALCOVE_DATABASE_URL='mysql://there'" in failed_start_line(serve("mysql://there"))


@pytest.fixture
def short_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time that this process waits for SQLite's lock."""
    monkeypatch.setattr(sqlite_connection, "_BUSY_S", 0.05)


@pytest.mark.usefixtures("short_lock_timeout")
async def test_s7_file_locked_by_another_program_is_reported_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    await create_log(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other_connection:
        other_connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnusableError, match="cannot be used as a log: database is locked") as error:
            await SqliteLog.open(path, Retention())

    assert "\n" not in str(error.value)


async def test_s7_corrupt_file_is_reported_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    await create_log(path)
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * (len(content) - 100))

    assert "malformed" in failed_start_line(serve(f"sqlite:///{path}"))


async def test_h3_rooms_with_invalid_item_ids_are_renamed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "alcove.db"
    create_first_schema(path, "!revoked", "café", "cafe\u0301", "na\u0303o", ".", "..", "a b", "a_b")
    await create_log(path)
    with closing(sqlite3.connect(path)) as database:
        items = [item for (item,) in database.execute("SELECT item FROM rooms ORDER BY room")]

    assert items == ["foo", "bar", "!revoked", "café", "café_2", "não", "_", "__", "a_b_2", "a_b"]
    assert "the room 'a b' is now a_b_2" in caplog.text
