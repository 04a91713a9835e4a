"""Test `alcove import` with a running server: round trip, repetition, continuation and errors (W14)."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import ALCOVE, ON_ONE_CARRIER, Server, Start

TIME_MS = 1_700_000_000_000
ADA, BOB = {"id": "ada", "name": "Ada"}, {"id": "bob", "name": "Bob", "picture": "https://pictures.example/b.png"}


def room(item: str) -> dict[str, Any]:
    """Return the line that begins a room."""
    return {"type": "room", "item": item}


def message(number: int, **fields: object) -> dict[str, Any]:
    """Return the line of a message."""
    entry = {"type": "entry", "seq": number, "kind": "message", "id": f"c{number}", "by": ADA, "at": TIME_MS + number}
    return entry | {"body": f"comment {number}"} | fields


async def run_import(
    server: Server, folder: Path, *lines: dict[str, Any], name: str = "-", **options: str
) -> tuple[int, str]:
    """Run `alcove import` with `lines` as its input; return its exit code and its output."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    result = await asyncio.to_thread(
        subprocess.run,
        [str(ALCOVE), "import", name, "--url", server.url],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "ALCOVE_SECRET": SECRET, **options},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


async def export_room(server: Server, item: str) -> list[dict[str, Any]]:
    """Return the export of a room, without the id of its history."""
    headers = {"Authorization": f"Bearer {token(items={item: 'rwm'})}"}
    async with http(server) as client:
        lines = (await client.get(f"/api/items/{item}/export", headers=headers)).text.splitlines()
    first, *later_lines = map(json.loads, lines)
    return [{"item": first["item"], "head": first["head"]}, *later_lines]


@ON_ONE_CARRIER
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_w14_export_of_an_import_equals_the_original_export(
    serve: Start, item: str, tmp_path: Path, postgres_url: str, engine: str
) -> None:
    source = serve(ALCOVE_SECRET=SECRET, ALCOVE_DATABASE_URL=f"sqlite:///{tmp_path}/first.db")
    url = postgres_url if engine == "postgresql" else f"sqlite:///{tmp_path}/second.db"
    destination = serve(ALCOVE_SECRET=SECRET, ALCOVE_DATABASE_URL=url)
    ada = {"Authorization": f"Bearer {token(items={item: 'rwm'}, role='Buyer')}"}
    async with http(source, token=None) as client:
        path = f"/api/items/{item}/entries"
        for body in ("one", {"rich": ["two"]}, "three", "four"):
            assert (await client.post(path, json={"body": body}, headers=ada)).status_code == 201
        event = {"kind": "event", "body": {"text": "shipped", "data": 1}}
        await client.post(path, json=event, headers=ada)
        await client.patch(f"{path}/1", json={"body": "uno"}, headers=ada)
        await client.patch(f"{path}/3", json={"body": "tres"}, headers=ada)
        await client.delete(f"{path}/3", headers=ada)
        await client.put(f"/api/items/{item}/read", json={"seq": 6}, headers=ada)
    lines = await export_room(source, item)
    assert len(lines) == 10

    assert await run_import(destination, tmp_path, room(item), *lines[1:]) == (
        0,
        "8 entries stored, 0 were stored before\n",
    )
    assert await export_room(destination, item) == lines
    assert await run_import(destination, tmp_path, room(item), *lines[1:]) == (
        0,
        "0 entries stored, 8 were stored before\n",
    )
    assert await export_room(destination, item) == lines


@ON_ONE_CARRIER
async def test_w14_repeated_import_continues_after_the_stored_entries(
    secured_server: Server, item: str, tmp_path: Path
) -> None:
    lines = [room(item), *(message(number, by=BOB if number % 3 else ADA) for number in range(1, 2500))]
    edit = message(2500, kind="edit", target=7)
    (tmp_path / "comments.ndjson").write_text("".join(json.dumps(line) + "\n" for line in [*lines, edit]))
    part = [room(item), *lines[1:1200]]
    assert await run_import(secured_server, tmp_path, *part) == (0, "1199 entries stored, 0 were stored before\n")

    result = await run_import(secured_server, tmp_path, name="comments.ndjson")
    assert result == (0, "1301 entries stored, 1199 were stored before\n")
    export_lines = await export_room(secured_server, item)
    assert [line["id"] for line in export_lines[1:]] == [f"c{number}" for number in range(1, 2501)]
    assert [line["at"] for line in export_lines[1:]] == [TIME_MS + number for number in range(1, 2501)]
    assert (export_lines[7]["body"], export_lines[7]["by"]) == ("comment 2500", BOB)


@ON_ONE_CARRIER
async def test_w14_file_with_an_invalid_line_is_not_imported(secured_server: Server, item: str, tmp_path: Path) -> None:
    lines = [room(item), *map(message, range(1, 1500)), message(1500, at="soon")]

    assert await run_import(secured_server, tmp_path, *lines) == (1, "alcove: line 1501: at: expected int, got str\n")
    assert await export_room(secured_server, item) == [{"item": item, "head": 0}]


@ON_ONE_CARRIER
async def test_w14_line_refused_by_the_server_is_reported_by_its_number(
    secured_server: Server, item: str, tmp_path: Path
) -> None:
    lines = [room(item), *map(message, range(1, 1300)), message(1300, body="x" * 70_000)]
    code, output = await run_import(secured_server, tmp_path, *lines)

    assert (code, "refused: line 1301: body: a body may have 65536 bytes" in output) == (1, True), output
    # Lines are imported in batches of 1000.
    assert "; 1,000 lines are imported: correct the file, then run the command again to continue" in output


@ON_ONE_CARRIER
async def test_w14_line_larger_than_a_request_is_reported_by_its_number(
    secured_server: Server, item: str, tmp_path: Path
) -> None:
    lines = [room(item), *map(message, range(1, 1300)), message(1300, body="x" * 3_000_000)]
    code, output = await run_import(secured_server, tmp_path, *lines)
    alone = await run_import(secured_server, tmp_path, room(item), message(1, body="x" * 3_000_000))

    limit = "a request may have 1114112 bytes, this one has more"
    assert code == 1
    assert output == (
        f"alcove: line 1301: {secured_server.url} refused: {limit}; 1,000 lines are imported: correct the file,"
        " then run the command again to continue\n"
    )
    assert alone == (1, f"alcove: line 2: {secured_server.url} refused: {limit}\n")


@ON_ONE_CARRIER
async def test_w14_f3_entries_older_than_the_rooms_last_entry_are_refused(
    secured_server: Server, item: str, tmp_path: Path
) -> None:
    async with await RoomClient.join(secured_server, item, token=token(items={item: "rw"})) as client:
        await client.send_messages("here already")
        code, output = await run_import(secured_server, tmp_path, room(item), message(1))
        assert (code, "refused: line 2: at: expected at least " in output) == (1, True), output
    assert (await export_room(secured_server, item))[0]["head"] == 1


@ON_ONE_CARRIER
async def test_w14_connected_members_receive_imported_entries(
    secured_server: Server, item: str, tmp_path: Path
) -> None:
    async with await RoomClient.join(secured_server, item, token=token(items={item: "rw"})) as client:
        await run_import(
            secured_server,
            tmp_path,
            room(item),
            message(1),
            message(2),
            {"type": "read", "by": "bob", "seq": 2},
        )
        assert (await client.wait_for("entry", seq=2))["at"] == TIME_MS + 2
        assert (await client.wait_for("read"))["seq"] == 2


@ON_ONE_CARRIER
async def test_w14_import_requests_of_other_programs_are_checked(secured_server: Server, item: str) -> None:
    headers = {"Authorization": f"Bearer {token(items={'*': 'rwm'})}"}

    async def post(*lines: dict[str, Any]) -> tuple[int, Any]:
        content = "\n".join(map(json.dumps, lines))
        response = await client.post("/api/import?line=11", content=content, headers=headers)
        return response.status_code, response.json().get("detail", response.json())

    async with http(secured_server, token=None) as client:
        numeric_target = await post(room(item), message(1), message(2, kind="edit", target=1))
        unknown_target = await post(room(item), message(1), message(2, kind="edit", target={"by": "ada", "id": "c9"}))
        known_target = await post(room(item), message(1), message(2, kind="edit", target={"by": "ada", "id": "c1"}))
        duplicate = await post(room(item), message(3), message(3))
        out_of_order = await post(room(item), message(6), room(item), message(5))
        large = await client.post("/api/import", content=b" " * 2_000_000, headers=headers)
    assert numeric_target[1].startswith("line 13: target: expected `by` and `id` of an entry")
    assert unknown_target[1] == f"line 13: target: expected an earlier entry of {item}; 'ada' has none with the id 'c9'"
    assert known_target == (200, {"stored": 2, "known": 0, "marks": 0})
    assert duplicate == (200, {"stored": 1, "known": 1, "marks": 0})
    assert out_of_order[1].startswith(f"line 14: at: expected at least {TIME_MS + 6}")
    assert (numeric_target[0], unknown_target[0], large.status_code) == (422, 422, 413)


@ON_ONE_CARRIER
async def test_w14_missing_file_is_reported_in_one_line(secured_server: Server, tmp_path: Path) -> None:
    code, output = await run_import(secured_server, tmp_path, name="none.ndjson")

    assert (code, output) == (1, "alcove: none.ndjson: No such file or directory\n")
