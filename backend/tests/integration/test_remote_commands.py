"""Test `alcove export` and `alcove erase` on a running server (W14)."""

import io
import json
import socket
from contextlib import redirect_stderr
from pathlib import Path
from threading import Thread

import pytest

from alcove.progress import Progress
from alcove.remote import RefusedError, send_request
from tests.support.commands import run_alcove
from tests.support.credentials import token
from tests.support.room_client import RoomClient
from tests.support.servers import ON_ONE_CARRIER, Server


@ON_ONE_CARRIER
async def test_w14_commands_export_a_room_and_a_member_and_erase_the_member(
    secured_server: Server, item: str, tmp_path: Path
) -> None:
    sub = f"https://login.example/{item}"
    async with await RoomClient.join(secured_server, item, token=token(sub=sub, items={item: "rw"})) as room:
        await room.send_messages("one", "two")
        code, room_lines, errors = await run_alcove(tmp_path, "export", "--item", item, "--url", secured_server.url)
        assert (code, errors) == (0, "")
        assert [json.loads(line)["type"] for line in room_lines.splitlines()] == ["room", "entry", "entry"]
        code, member_lines, _ = await run_alcove(tmp_path, "export", "--member", sub, "--url", secured_server.url)
        assert (code, member_lines) == (0, room_lines)
        erase = ("erase", "--member", sub, "--url", secured_server.url)
        assert await run_alcove(tmp_path, *erase) == (0, f"erased '{sub}': 2 messages in 1 room\n", "")
        assert await run_alcove(tmp_path, *erase) == (0, f"erased '{sub}': 0 messages in 1 room\n", "")
        assert [(await room.wait_for("entry", kind="delete"))["target"] for _ in range(2)] == [1, 2]


@ON_ONE_CARRIER
async def test_w14_erasure_of_an_unknown_member_reports_no_data(secured_server: Server, tmp_path: Path) -> None:
    erase = ("erase", "--member", "nobdoy", "--url", secured_server.url)

    assert await run_alcove(tmp_path, *erase) == (0, "nothing is kept of 'nobdoy'\n", "")


@pytest.mark.parametrize("arguments", [[], ["--item", "a", "--member", "b"]])
async def test_export_requires_either_an_item_or_a_member(tmp_path: Path, arguments: list[str]) -> None:
    code, _, errors = await run_alcove(tmp_path, "export", *arguments)

    assert (code, errors) == (1, "alcove: give either --item or --member\n")


async def test_export_of_an_invalid_item_id_reports_the_error(tmp_path: Path) -> None:
    code, _, errors = await run_alcove(tmp_path, "export", "--item", "a/b")

    assert (code, errors.startswith("alcove: --item 'a/b': expected ")) == (1, True), errors


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    "arguments",
    ["export --item foo", "export --member ada", "erase --member ada", "revoke --sub ada", "webhooks status"],
)
async def test_url_with_a_wrong_path_gets_a_hint(secured_server: Server, tmp_path: Path, arguments: str) -> None:
    code, _, errors = await run_alcove(tmp_path, *arguments.split(), "--url", f"{secured_server.url}/chat")

    assert (code, errors.count("\n")) == (1, 1)
    assert errors.endswith(": is --url the address of an Alcove server, with its ALCOVE_BASE_PATH, if it has one?\n")


def test_refusal_during_the_upload_of_a_body_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            connection, _ = server.accept()
            with connection:  # closed with unread data, which resets the connection
                connection.recv(1000)
                connection.sendall(b'HTTP/1.1 413 Too Large\r\ncontent-length: 15\r\n\r\n{"detail":"no"}')

        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        thread = Thread(target=refuse)
        thread.start()
        expect_refusal = pytest.raises(RefusedError, match="refused: no")
        with expect_refusal as caught, send_request(url, "", "POST", "/", body=b" " * 50_000_000):
            pass
        thread.join()
    assert caught.value.status == 413


def test_progress_shows_count_rate_and_time_left() -> None:
    output = io.StringIO()
    with redirect_stderr(output):
        progress = Progress("lines")
        progress.total = 200
        progress.add(50)
        assert (output.getvalue(), str(progress)[:10]) == ("", "50 lines, ")
        progress._started = progress._shown = progress._started - 20  # as if 20 s had passed
        progress.add(50)
        progress.finish()

    first, last = output.getvalue().splitlines()
    assert first == last == "100 lines, 5/s, 20 s left"
