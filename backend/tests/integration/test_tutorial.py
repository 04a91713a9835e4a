"""Test the tutorial's three sockets and its page on real connections (T1–T4, T6)."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.clients import Listener, connect, receive, refusal_status, wait_for_close_code
from tests.support.http import http
from tests.support.servers import Server, start_alcove, without_problems

TEXTS = {
    "empty": "",
    "words": "hello",
    "lines": "one\r\ntwo\n\nthree",
    "nul": "a\x00b",
    "rtl": "\u202eשלום עולם مرحبا",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "astral": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010ffff",
    "json": '{"type":"send"}',
    "combining": "e\u0301\u200b\ufeff",
}
FOR_EACH_TEXT = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
MAX_TEXT_BYTES = 1024 * 1024


@FOR_EACH_TEXT
async def test_t1_every_text_is_echoed(server: Server, text: str) -> None:
    async with await connect(server, "/ws") as client:
        await client.send(text)

        assert await receive(client, 1) == [f"Message text was: {text}"]


@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", bytes(range(256)) * 1024], ids=["none", "no text", "many"])
async def test_t1_bytes_are_echoed_as_bytes(server: Server, data: bytes) -> None:
    async with await connect(server, "/ws") as client:
        await client.send(data)

        assert await receive(client, 1) == [data]


async def test_t1_text_of_several_fragments_is_one_text(server: Server) -> None:
    async with await connect(server, "/ws") as client:
        await client.send(["hel", "lo ", "", "world"])

        assert await receive(client, 1) == ["Message text was: hello world"]


async def test_t1_replies_keep_the_order_of_the_messages(server: Server) -> None:
    async with await connect(server, "/ws") as client:
        for number in range(1000):
            await client.send(str(number))

        assert await receive(client, 1000) == [f"Message text was: {number}" for number in range(1000)]


@pytest.mark.parametrize("character", ["x", "ñ", "👋"])
async def test_t1_text_as_large_as_the_limit_is_echoed(server: Server, character: str) -> None:
    text = character * (MAX_TEXT_BYTES // len(character.encode()))
    async with await connect(server, "/ws") as client:
        await client.send(text)

        assert await receive(client, 1) == [f"Message text was: {text}"]


@pytest.mark.parametrize("path", ["/ws", "/ws/1", "/items/foo/ws?token=t"])
@pytest.mark.parametrize(
    "message",
    ["x" * (MAX_TEXT_BYTES + 1), "ñ" * (MAX_TEXT_BYTES // 2) + "x", ["x" * MAX_TEXT_BYTES, "x"]],
    ids=["characters", "bytes", "fragments"],
)
async def test_t1_t4_text_over_the_limit_is_closed_with_1009(
    server: Server, path: str, message: str | list[str]
) -> None:
    async with await connect(server, path) as client:
        await client.send(message)

        assert await wait_for_close_code(client) == 1009


async def test_l1_size_limit_is_a_setting(serve: Callable[..., Server]) -> None:
    server = serve(ALCOVE_MESSAGE_BYTES="2000")
    async with await connect(server, "/ws") as client:
        await client.send("x" * 2000)
        assert await receive(client, 1) == [f"Message text was: {'x' * 2000}"]
        await client.send("x" * 2001)
        assert await wait_for_close_code(client) == 1009


@pytest.mark.parametrize("path", ["/ws", "/ws/1", "/items/foo/ws?token=t"])
async def test_t4_invalid_utf_8_is_closed_with_1007(tmp_path: Path, path: str) -> None:
    # On the carrier `asgi`, where uvicorn implements the WebSockets, uvicorn also prints a traceback.
    with without_problems(start_alcove(cwd=tmp_path, env={"ALCOVE_CARRIER": "detached"})) as server:
        async with await connect(server, path) as client:
            await client.send(b"\xff\xfe", text=True)

            assert await wait_for_close_code(client) == 1007


@FOR_EACH_TEXT
async def test_t2_credential_and_text_are_answered_in_two_frames(server: Server, text: str) -> None:
    async with await connect(server, "/items/foo/ws?token=some-key-token") as client:
        await client.send(text)

        assert await receive(client, 2) == [
            "Session cookie or query token value is: some-key-token",
            f"Message text was: {text}, for item ID: foo",
        ]


async def test_t2_value_of_q_is_sent_between_credential_and_text(server: Server) -> None:
    async with await connect(server, "/items/foo/ws?token=t&q=3") as client:
        await client.send("hello")

        assert await receive(client, 3) == [
            "Session cookie or query token value is: t",
            "Query parameter q is: 3",
            "Message text was: hello, for item ID: foo",
        ]


@pytest.mark.parametrize(
    ("query_text", "expected"),
    [("-1", "-1"), ("0", "0"), ("%2B7", "7"), ("1.0", "1"), ("007", "7"), ("9" * 40, "9" * 40)],
)
async def test_t2_q_is_any_integer(server: Server, query_text: str, expected: str) -> None:
    async with await connect(server, f"/items/foo/ws?token=t&q={query_text}") as client:
        await client.send("hello")

        assert (await receive(client, 3))[1] == f"Query parameter q is: {expected}"


@pytest.mark.parametrize("query_text", ["", "1.5", "one", "1e3", "0x1", "9" * 5000, "%00", "1%202"])
async def test_t2_q_other_than_an_integer_is_refused(server: Server, query_text: str) -> None:
    assert await refusal_status(server, f"/items/foo/ws?token=t&q={query_text}") == 403


async def test_t2_without_a_credential_the_handshake_is_refused(server: Server) -> None:
    assert await refusal_status(server, "/items/foo/ws") == 403
    assert await refusal_status(server, "/items/foo/ws?q=3") == 403
    assert await refusal_status(server, "/items/foo/ws", headers={"Cookie": "other=x"}) == 403


@pytest.mark.parametrize(
    ("query", "cookie", "credential"),
    [
        ("", "session=fakesession", "fakesession"),
        ("?token=t", "session=fakesession", "fakesession"),
        ("?token=one&token=two", "", "two"),
        ("?token=", "", ""),
        ("", "session=", ""),
        ("?token=t", "session=", "t"),
        ("?token=a%20b%26%C3%B1", "", "a b&ñ"),
        ("?TOKEN=x&token=t", "", "t"),
    ],
)
async def test_t2_credential_is_the_cookie_else_the_last_token(
    server: Server, query: str, cookie: str, credential: str
) -> None:
    headers = {"Cookie": cookie} if cookie else {}
    async with await connect(server, f"/items/foo/ws{query}", headers=headers) as client:
        await client.send("hello")

        assert (await receive(client, 2))[0] == f"Session cookie or query token value is: {credential}"


@pytest.mark.parametrize(
    "item_id", ["foo", "a b", "ñandú", "日本", "👋", "100%", "a?b", "a#b", "a+b", "..", "x" * 2000]
)
async def test_t2_item_id_is_decoded_from_the_url(server: Server, item_id: str) -> None:
    async with await connect(server, f"/items/{quote(item_id, safe='')}/ws?token=t") as client:
        await client.send("hello")

        assert (await receive(client, 2))[1] == f"Message text was: hello, for item ID: {item_id}"


@pytest.mark.parametrize("path", ["/items//ws?token=t", "/items/a/b/ws?token=t", "/items/foo?token=t", "/nowhere"])
async def test_t2_handshake_on_another_path_is_refused(server: Server, path: str) -> None:
    assert await refusal_status(server, path) == 403


async def test_a5_cookie_is_accepted_only_from_the_servers_own_origin(server: Server) -> None:
    cookie = {"Cookie": "session=fakesession"}
    own = cookie | {"Origin": server.url}
    async with await connect(server, "/items/foo/ws", headers=own) as client:
        await client.send("hello")
        assert (await receive(client, 2))[0] == "Session cookie or query token value is: fakesession"

    for origin in (
        "https://evil.example",
        "null",
        "",
        "http://127.0.0.1",
        f"http://127.0.0.1:{server.port}.evil.example",
    ):
        assert await refusal_status(server, "/items/foo/ws", headers=cookie | {"Origin": origin}) == 403
        assert await refusal_status(server, "/items/foo/ws?token=t", headers=cookie | {"Origin": origin}) == 403


async def test_a5_token_is_accepted_from_any_origin(server: Server) -> None:
    async with await connect(server, "/items/foo/ws?token=t", headers={"Origin": "https://else.example"}) as client:
        await client.send("hello")

        assert len(await receive(client, 2)) == 2


async def test_t3_sender_gets_a_reply_and_everyone_gets_the_line(server: Server) -> None:
    async with Listener(await connect(server, "/ws/1")) as first, Listener(await connect(server, "/ws/2")) as second:
        await first.client.send("hello")
        await first.wait_for_line("Client #1 says: hello")
        await second.wait_for_line("Client #1 says: hello")

    assert first.lines[:2] == ["You wrote: hello", "Client #1 says: hello"]
    assert second.lines[:1] == ["Client #1 says: hello"]


async def test_t3_remaining_clients_are_notified_of_a_leave(server: Server) -> None:
    async with Listener(await connect(server, "/ws/1")) as first:
        async with Listener(await connect(server, "/ws/2")) as second:
            await second.client.send("hello")
            await first.wait_for_line("Client #2 says: hello")
        await first.wait_for_line("Client #2 left the chat")

    assert "Client #2 left the chat" not in second.lines


async def test_t3_several_clients_may_share_an_id(server: Server) -> None:
    async with Listener(await connect(server, "/ws/7")) as first, Listener(await connect(server, "/ws/7")) as second:
        await first.client.send("hello")
        await first.wait_for_line("Client #7 says: hello")
        await second.wait_for_line("Client #7 says: hello")
        await first.client.close()
        await second.wait_for_line("Client #7 left the chat")
        await second.client.send("still here")
        await second.wait_for_line("Client #7 says: still here")

    assert second.lines.count("Client #7 left the chat") == 1
    assert "You wrote: hello" not in second.lines


@FOR_EACH_TEXT
async def test_t3_any_text_is_broadcast_unchanged(server: Server, text: str) -> None:
    async with Listener(await connect(server, "/ws/1")) as first, Listener(await connect(server, "/ws/2")) as second:
        await first.client.send(text)
        await first.wait_for_line(f"You wrote: {text}")
        await second.wait_for_line(f"Client #1 says: {text}")


@pytest.mark.parametrize(
    ("client_id", "expected"), [("-1", "-1"), ("0", "0"), ("007", "7"), ("1795366683123", "1795366683123")]
)
async def test_t3_client_id_is_any_integer(server: Server, client_id: str, expected: str) -> None:
    async with await connect(server, f"/ws/{client_id}") as client:
        await client.send("hello")

        assert await receive(client, 2) == ["You wrote: hello", f"Client #{expected} says: hello"]


@pytest.mark.parametrize("client_id", ["ada", "1.5", "1e3", "%20", "9" * 5000, "1/2"])
async def test_t3_client_id_other_than_an_integer_is_refused(server: Server, client_id: str) -> None:
    assert await refusal_status(server, f"/ws/{client_id}") == 403


@pytest.mark.parametrize("path", ["/ws/1", "/items/foo/ws?token=t"])
async def test_t4_bytes_are_closed_with_1003(server: Server, path: str) -> None:
    async with await connect(server, path) as client:
        await client.send(b"bytes")

        assert await wait_for_close_code(client) == 1003


async def test_t4_binary_frame_does_not_affect_other_clients(server: Server) -> None:
    async with Listener(await connect(server, "/ws/1")) as first:
        async with await connect(server, "/ws/2") as second:
            await second.send(b"bytes")
            assert await wait_for_close_code(second) == 1003
        await first.wait_for_line("Client #2 left the chat")
        await first.client.send("still here")
        await first.wait_for_line("Client #1 says: still here")

    assert first.lines == ["Client #2 left the chat", "You wrote: still here", "Client #1 says: still here"]


async def test_t6_page_begins_with_its_doctype(server: Server) -> None:
    async with http(server, token=None) as client:
        page = await client.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.splitlines()[0] == "<!DOCTYPE html>"


async def test_w7_live_server_passes_the_liveness_probe(server: Server) -> None:
    async with http(server, token=None) as client:
        response = await client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
