"""Test import as a method of the library, of Client and of AsyncClient, with both storage engines (W14)."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from alcove import (
    Alcove,
    AsyncClient,
    Client,
    ImportEntry,
    ImportResult,
    InvalidError,
    Member,
    TooLargeError,
    UnavailableError,
)
from alcove.library import imports
from deploy.ports import free_port
from tests.support.credentials import SECRET
from tests.support.servers import ON_ONE_CARRIER, Server, Start

ADA, BOB = Member("ada", "Ada"), Member(7, "Bob", role="Support")
SHOP = Member("shop", "The shop", "rwm")
TIME = datetime(2023, 11, 14, 22, 13, 20, 123000, UTC)


class Imports:
    """The methods of an Alcove, an AsyncClient, or a Client; a Client is called in a thread."""

    def __init__(self, api: Any) -> None:
        self._api = api

    def _call(self, method: str, *args: object, **options: object) -> Awaitable[Any]:
        call = partial(getattr(self._api, method), *args, **options)
        return asyncio.to_thread(call) if isinstance(self._api, Client) else call()

    async def run(self, source: object, on_progress: Callable[[int, int], object] | None = None) -> ImportResult:
        """Import entries or lines."""
        result: ImportResult = await self._call("import_entries", source, on_progress=on_progress)
        return result

    async def export(self, item: str) -> bytes:
        """Return the export of a room."""
        if isinstance(self._api, Alcove):
            return b"".join([lines async for lines in self._api.export(item)])
        return bytes(await self._call("export", item))

    async def entries(self, item: str) -> list[dict[str, Any]]:
        """Return the entries and read marks of a room."""
        return [json.loads(line) for line in (await self.export(item)).splitlines()[1:]]

    async def call(self, method: str, *args: object, **options: object) -> None:
        """Call another method by its name."""
        await self._call(method, *args, **options)


@pytest.fixture(params=["library", "client", "async client"])
async def api(request: pytest.FixtureRequest, serve: Start, storage: str) -> AsyncIterator[Imports]:
    """Return the methods of each class in turn."""
    if request.param == "library":
        async with Alcove(storage) as alcove:
            yield Imports(alcove)
        return
    server = await asyncio.to_thread(partial(serve, ALCOVE_SECRET=SECRET, ALCOVE_DATABASE_URL=storage))
    if request.param == "client":
        with Client(server.url, SECRET) as client:
            yield Imports(client)
        return
    async with AsyncClient(server.url, SECRET) as client:
        yield Imports(client)


def comment(number: int, item: str = "order-1", **fields: Any) -> ImportEntry:
    """Return a comment to import."""
    values: dict[str, Any] = {
        "id": number,
        "by": ADA,
        "at": TIME + timedelta(seconds=number),
        "body": f"comment {number}",
    } | fields
    return ImportEntry(item, **values)


def as_line(entry: ImportEntry) -> str:
    """Return the line of an entry by Ada."""
    by = {"id": "ada", "name": "Ada"}
    at = round(entry.at.timestamp() * 1000)
    return json.dumps({"type": "entry", "kind": "message", "id": str(entry.id), "by": by, "at": at, "body": entry.body})


@ON_ONE_CARRIER
async def test_w14_import_stores_each_entry_once_and_reports_progress(api: Imports) -> None:
    comments = [comment(n, f"order-{n // 400}", by=BOB if n % 3 else ADA) for n in range(2400)]
    comments.append(comment(2401, "order-5", body={"text": "shipped", "data": 7}, kind="event", by=SHOP))
    progress: list[tuple[int, int]] = []

    assert await api.run(iter(comments), lambda *state: progress.append(state)) == ImportResult(stored=2401)
    assert len(progress) > 1
    assert (sorted(progress), progress[-1]) == (progress, (2401, 2401))
    entries = await api.entries("order-5")
    assert [entry["id"] for entry in entries] == [*map(str, range(2000, 2400)), "2401"]
    assert entries[2]["by"] == {"id": "7", "name": "Bob", "role": "Support"}
    assert entries[2]["at"] == 1_700_000_000_123 + 2_002_000
    assert (entries[-1]["kind"], entries[-1]["body"]) == ("event", {"text": "shipped", "data": 7})
    assert await api.run(comments) == ImportResult(known=2401)


@ON_ONE_CARRIER
async def test_w14_f3_older_entries_can_be_imported_before_an_export(api: Imports) -> None:
    await api.call("send", "order-1", "one", by=ADA)
    await api.call("send", "order-1", "two", by=ADA)
    await api.call("edit", "order-1", 1, "uno", by=ADA)
    await api.call("delete", "order-1", 2, by=ADA)
    await api.call("mark_read", "order-1", 3, by="bob")
    before = await api.entries("order-1")
    with pytest.raises(InvalidError, match=r"before others; this is .*: import into a room before it is used, or"):
        await api.run([comment(1)])
    export = await api.export("order-1")
    await api.call("delete_room", "order-1")
    room, *older = (
        {"type": "room", "item": "order-1"},
        {"type": "entry", "kind": "message", "id": "c", "by": {"id": "ada", "name": "Ada"}, "at": 10**12, "body": "0"},
    )

    assert await api.run([*map(json.dumps, [room, *older]), export]) == ImportResult(stored=5, marks=1)
    after = await api.entries("order-1")
    assert after[0]["id"] == "c"
    expected = [line | {name: line[name] + 1 for name in ("seq", "target") if name in line} for line in before]
    assert after[1:] == expected


@ON_ONE_CARRIER
async def test_w14_invalid_entry_is_reported_and_nothing_is_stored(api: Imports) -> None:
    comments = [comment(n, f"order-{n // 1000}") for n in range(1, 1500)]
    invalid_entries: list[tuple[dict[str, Any], str]] = [
        ({"at": datetime.now(UTC) + timedelta(hours=1)}, "entry 1500: at: expected milliseconds since 1970"),
        ({"at": TIME}, "entry 1500: at: expected at least 1700001499123, which entry 1499 has"),
        *(
            ({"at": at}, "entry 1500: at: expected a datetime with a time zone, got")
            for at in (TIME.replace(tzinfo=None), TIME.date(), "2020-01-01", None)
        ),
        ({"by": "ada"}, "entry 1500: by: expected a Member"),
        ({"id": None}, "entry 1500: id: expected a string, an integer or a UUID"),
        ({"item": 5}, "entry 1500: item: expected a string"),
        ({"item": "order 1"}, "entry 1500: item: expected"),
        ({"body": object()}, "entry 1500: cannot be encoded as JSON"),
        ({"kind": "edit"}, "entry 1500: kind: expected 'message' or 'event'"),
        ({"id": ""}, "entry 1500: id: expected"),
    ]
    for invalid_entry, message in invalid_entries:
        with pytest.raises(InvalidError) as error:
            await api.run([*comments, comment(1500, **{"item": "order-1", **invalid_entry})])
        assert str(error.value).startswith(message)
    assert await api.entries("order-0") == []


@ON_ONE_CARRIER
async def test_w14_import_continues_after_an_entry_refused_by_storage(api: Imports) -> None:
    comments = [comment(n) for n in range(1, 1500)]
    with pytest.raises(InvalidError) as error:
        await api.run([*comments, comment(1500, body="x" * 70_000)])
    assert str(error.value).startswith("entry 1500: body: a body may have 65536 bytes")
    # Lines are imported in batches of 1000, and the first line names the room.
    assert str(error.value).endswith("; 999 entries are imported: call it again to continue")

    assert await api.run([*comments, comment(1500)]) == ImportResult(stored=501, known=999)


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("form", "place", "done"), [("entries", "entry 1500", "999 entries"), ("lines", "line 1501", "1000 lines")]
)
def test_l1_client_names_the_line_that_is_too_large_for_the_server(
    secured_server: Server, item: str, form: str, place: str, done: str
) -> None:
    comments = [*(comment(n, item) for n in range(1, 1500)), comment(1500, item, body="x" * 1_200_000)]
    lines = [json.dumps({"type": "room", "item": item}), *map(as_line, comments)]
    with Client(secured_server.url, SECRET) as client, pytest.raises(TooLargeError) as error:
        client.import_entries(lines if form == "lines" else comments)

    assert str(error.value).startswith(f"{place}: a request may have 1114112 bytes, this one has more")
    assert str(error.value).endswith(f"; {done} are imported: call it again to continue")


@ON_ONE_CARRIER
async def test_w14_import_accepts_text_bytes_lines_and_files(api: Imports, tmp_path: Path) -> None:
    lines = [{"type": "room", "item": "order-1"}]
    for n in range(3):
        by = {"id": "ada", "name": "Ada"}
        lines.append({"type": "entry", "kind": "message", "id": f"c{n}", "by": by, "at": 10**12 + n, "body": n})  # type: ignore[dict-item]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "lines.ndjson").write_text(text)

    assert await api.run(text) == ImportResult(stored=3)
    assert await api.run(text.encode()) == ImportResult(known=3)
    assert await api.run(text.splitlines()) == ImportResult(known=3)
    for mode in ("r", "rb"):
        with (tmp_path / "lines.ndjson").open(mode) as file:
            assert await api.run(file) == ImportResult(known=3)
    assert await api.run([]) == ImportResult()
    with pytest.raises(InvalidError, match="not both"):
        await api.run([text, comment(1)])
    with pytest.raises(InvalidError, match="got dict"):
        await api.run(lines)
    with pytest.raises(InvalidError, match="line 5: expected UTF-8"):
        await api.run([text, '"\ud800"'])


async def test_w14_export_of_one_log_can_be_imported_into_another(tmp_path: Path) -> None:
    async with Alcove(f"sqlite:///{tmp_path}/1.db") as first, Alcove(f"sqlite:///{tmp_path}/2.db") as second:
        await first.import_entries([comment(n) for n in range(5)])
        assert await second.import_entries(first.export("order-1")) == ImportResult(stored=5)


async def test_w14_other_tasks_run_while_an_import_reads_many_parts() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counter = asyncio.create_task(count_turns())
    assert len([part async for part in imports.async_parts_of([b"\n"] * 10_000)]) == 10_000
    counter.cancel()
    assert turns >= 10


def test_s7_import_to_an_unreachable_server_raises_unavailable_error() -> None:
    with Client(f"http://127.0.0.1:{free_port()}", SECRET) as client, pytest.raises(UnavailableError):
        client.import_entries([comment(1)])
