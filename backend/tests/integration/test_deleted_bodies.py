"""Test that deleted text is removed from the files of a SQLite log (S9)."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alcove.limits import Retention
from alcove.protocol import raw
from alcove.storage.base import Appended, Draft
from alcove.storage.sqlite import connection as sqlite_connection
from alcove.storage.sqlite import schema as sqlite_schema
from alcove.storage.sqlite.log import SqliteLog
from alcove.storage.sqlite.store import SqliteStore
from tests.support.clients import eventually
from tests.support.drafts import ADA, append, delete, edit, message, read_bodies
from tests.support.room_client import RoomClient, new_id
from tests.support.servers import Start

FIRST_SCHEMA = Path(sqlite_schema.__file__).with_name("001.sql")
#: The time of the first entry in ms since the epoch.
NOW = 1_795_000_000_000


def read_files(folder: Path) -> bytes:
    """Return the contents of all files of the log: database, write-ahead log, journal."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("alcove.db*")))


async def test_s9_deleted_and_edited_text_leaves_the_files_of_a_running_server(serve: Start, tmp_path: Path) -> None:
    server = serve(ALCOVE_SENDS_PER_S="0")
    async with await RoomClient.join(server, "foo") as ada, await RoomClient.join(server, "foo", name="Bob") as bob:
        await ada.send_messages("kept-0", "first-secret", "third-secret", *(f"kept-{n}" for n in range(1, 200)))
        await ada.request({"type": "edit", "id": new_id(), "target": 2, "body": "second-secret"})
        await ada.request({"type": "edit", "id": new_id(), "target": 3, "body": "harmless"})
        await bob.wait_for_seq(204)
        assert b"second-secret" in read_files(tmp_path)
        await ada.request({"type": "delete", "id": new_id(), "target": 2})
        await bob.wait_for_seq(205)

        # Meanwhile another thread of the server reads the history from its beginning.
        async with await RoomClient.join(server, "foo", after=0) as cid:
            await eventually(lambda: b"secret" not in read_files(tmp_path))
            entries = await cid.wait_for_seq(205)

        assert b"harmless" in read_files(tmp_path)
        assert [entry.get("body") for entry in entries[1:3]] == [None, "harmless"]


async def test_s9_l5_text_removed_by_retention_leaves_the_files(serve: Start, tmp_path: Path) -> None:
    server = serve(ALCOVE_RETAIN_ENTRIES="5")
    async with await RoomClient.join(server, "foo") as ada:
        await ada.send_messages("first-secret", *(f"kept-{n}" for n in range(10)))

        await eventually(lambda: b"secret" not in read_files(tmp_path))


async def test_s9_next_start_clears_text_deleted_before_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    with (
        closing(sqlite_connection.connect(path, create=True)) as connection,
        closing(sqlite3.connect(path)) as second_connection,
    ):
        sqlite_schema.prepare_schema(connection, path)
        store = SqliteStore(connection, Retention())
        store.append([message("a", "a-secret")])
        # A second connection keeps the write-ahead log when the first one closes.
        second_connection.execute("SELECT * FROM rooms").fetchall()
        store.append([delete("b", 1)])
        connection.close()
        assert b"secret" in read_files(tmp_path)
        log = await SqliteLog.open(path, Retention())

        await eventually(lambda: b"secret" not in read_files(tmp_path))
        await log.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """Open a log without a server."""
    path = tmp_path / "alcove.db"
    with closing(sqlite_connection.connect(path, create=True)) as connection:
        sqlite_schema.prepare_schema(connection, path)
        connection.execute("PRAGMA synchronous = OFF")
        yield SqliteStore(connection, Retention())


class Conversation:
    """A sequence of random sends, edits and deletes; `deleted` has the texts that no file may contain afterwards."""

    def __init__(self, store: SqliteStore, seed: int) -> None:
        self._store = store
        self._random = random.Random(seed)  # noqa: S311 - not used for security
        self._count = 0
        self._live: dict[tuple[str, int], list[str]] = {}
        self.deleted: list[str] = []

    def run(self, step_count: int) -> None:
        """Store this number of random entries."""
        for _ in range(step_count):
            if not self._live or self._random.random() < 0.5:
                item = self._random.choice(["foo", "bar", "baz"])
                text, seq = self._append(item, "message")
                self._live[item, seq] = [text]
                continue
            item, target = self._random.choice(list(self._live))
            if self._random.random() < 0.5:
                self._live[item, target].append(self._append(item, "edit", target)[0])
            else:
                self._append(item, "delete", target)
                self.deleted += self._live.pop((item, target))

    def _append(self, item: str, kind: str, target: int | None = None) -> tuple[str, int]:
        self._count += 1
        text = f"<{self._count}>"
        body = None if kind == "delete" else raw(text * self._random.choice([1, 1, 2, 3, 10, 100, 800, 2000]))
        draft = Draft(item, kind, f"id-{self._count}", ADA, NOW + self._count, body, target)  # type: ignore[arg-type]
        (outcome,) = self._store.append([draft])
        assert isinstance(outcome, Appended)
        return text, outcome.entry.seq


@pytest.mark.parametrize("seed", range(8))
def test_s9_no_copy_of_deleted_text_stays_in_unused_space(store: SqliteStore, tmp_path: Path, seed: int) -> None:
    conversation = Conversation(store, seed)
    conversation.run(500)

    assert store.checkpoint()
    contents = read_files(tmp_path)
    assert conversation.deleted
    assert [text for text in conversation.deleted if text.encode() in contents] == []


def test_s9_external_reader_delays_the_checkpoint_but_no_write(store: SqliteStore, tmp_path: Path) -> None:
    store.append([message("a", "a-secret")])
    with closing(sqlite3.connect(tmp_path / "alcove.db", isolation_level=None)) as second_connection:
        second_connection.execute("BEGIN")
        second_connection.execute("SELECT * FROM rooms").fetchall()
        store.append([delete("b", 1)])
        assert not store.checkpoint()
        assert isinstance(store.append([message("c")])[0], Appended)
        second_connection.execute("COMMIT")

    assert store.checkpoint()
    assert b"secret" not in read_files(tmp_path)


async def test_s9_upgrade_removes_deleted_text_left_by_earlier_versions(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA secure_delete = OFF;" + FIRST_SCHEMA.read_text())
        connection.execute("INSERT INTO meta VALUES ('log_id', 'first')")
        connection.execute("INSERT INTO rooms VALUES (1, 'foo', 2, 1, 5000)")
        row = "INSERT INTO entries VALUES (1, ?, 'message', ?, 'ada', 'Ada', 3000, NULL, ?, NULL, NULL)"
        connection.execute(row, (1, "a", '"1"'))
        connection.execute(row, (2, "b", f'"{"secret" * 2000}"'))
        connection.commit()
        connection.execute("UPDATE entries SET body = NULL, deleted = 4000 WHERE seq = 2")
        connection.execute(f"PRAGMA application_id = {sqlite_schema.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    assert b"secret" in read_files(tmp_path)
    log = await SqliteLog.open(path, Retention())

    assert b"secret" not in read_files(tmp_path)
    assert await read_bodies(log) == {1: '"1"', 2: None}
    assert await append(log, edit("c", 1, ""), edit("d", 1, "2")) == [(3, False), (4, False)]
    assert await read_bodies(log) == {1: '"2"', 2: None, 3: '""', 4: '"2"'}
    await log.close()
