"""Test joining a room, and how a handshake is refused (H, A1, A2, A5 in open mode)."""

from pathlib import Path
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.clients import connect, receive
from tests.support.room_client import PROTOCOL, RoomClient, expect_refusal
from tests.support.servers import ALCOVE, Process, Server


async def test_h1_room_protocol_is_echoed(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        assert room.socket.subprotocol == PROTOCOL


async def test_h1_room_protocol_is_found_among_others(server: Server, item: str) -> None:
    offered = ["graphql-ws", PROTOCOL, "mqtt"]
    async with await connect(server, f"/items/{item}/ws?token=t", subprotocols=offered) as client:
        assert client.subprotocol == PROTOCOL


@pytest.mark.parametrize("offered", [["alcove.v2"], ["graphql-ws", "mqtt"], ["ALCOVE.V1"]])
async def test_h1_unknown_protocols_are_refused_with_the_known_one(
    unchecked_server: Server, item: str, offered: list[str]
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(unchecked_server, f"/items/{item}/ws?token=t", subprotocols=offered)

    assert refused.value.response.status_code == 400
    assert PROTOCOL in refused.value.response.body.decode()


async def test_h1_without_a_subprotocol_the_tutorial_protocol_is_used(server: Server, item: str) -> None:
    async with await connect(server, f"/items/{item}/ws?token=t") as client:
        await client.send("hello")
        assert (await receive(client, 1))[0] == "Session cookie or query token value is: t"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("after", value) for value in ("-1", "one", "1.5", "", str(2**53))],
        *[("tail", value) for value in ("-1", "501", "all", "")],
        *[("name", value) for value in ("", "x" * 65, "nul\0", " ", "\u200b\u2060", "\u3164")],
        *[("log", value) for value in ("", "x" * 65)],
    ],
)
async def test_h2_h4_refusal_names_the_invalid_parameter(server: Server, item: str, name: str, value: str) -> None:
    error, code, reason = await expect_refusal(server, item, **{name: value})

    assert code == 4400
    assert error["code"] == "invalid"
    assert name in error["message"]
    assert name in reason


@pytest.mark.parametrize("query", [{"tail": 0}, {"tail": 500}, {"after": 0}, {"name": "n" * 64}, {"unknown": "x"}])
async def test_h2_bounds_of_the_parameter_ranges_are_accepted(
    server: Server, item: str, query: dict[str, object]
) -> None:
    async with await RoomClient.join(server, item, **query) as room:
        assert room.hello["type"] == "hello"


@pytest.mark.parametrize("item_id", ["x", "x" * 128, "order-17", "a.b_c:d@e-f", "ñandú", "日本", "заказ", "طلب", "٣"])
async def test_h3_letters_and_digits_of_any_script_are_valid_in_item_ids(server: Server, item_id: str) -> None:
    async with await RoomClient.join(server, item_id) as room:
        assert room.hello["item"] == item_id


@pytest.mark.parametrize(
    "invalid_id", ["x" * 129, "a b", "a+b", "100%", "a\nb", "a\n", "👋", "a?b", "a#b", "~", "*", "\0"]
)
async def test_h3_h4_invalid_item_ids_are_refused(server: Server, invalid_id: str) -> None:
    error, code, _ = await expect_refusal(server, invalid_id)

    assert code == 4400
    assert "item_id" in error["message"]


async def test_h4_c_4401_refusal_gives_the_same_reason_in_line_and_close(server: Server, item: str) -> None:
    error, code, reason = await expect_refusal(server, item, token=None)

    assert code == 4401
    assert error["code"] == "unauthenticated"
    assert error["message"] == reason


async def test_h5_first_line_is_hello(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item, name="Ada") as ada:
        hello = ada.hello

        assert hello["item"] == item
        assert (hello["head"], hello["oldest"], hello["reset"]) == (0, 1, False)
        assert hello["you"]["name"] == "Ada"
        assert set(hello["you"]["can"]) == {"read", "write"}
        assert hello["members"] == [{"id": ada.member_id, "name": "Ada"}]
        assert (hello["count"], hello["reads"], hello["expires"]) == (1, {}, None)
        assert hello["limits"] == {"body_bytes": 65536, "sends_per_s": 20, "burst": 60}
        await ada.send_messages("first")
    async with await RoomClient.open(server, item, tail=0) as bob:
        assert (await bob.read_line())["type"] == "hello"
        assert hello["log"] == bob.hello["log"]


@pytest.mark.parametrize(
    ("headers", "token", "credential"),
    [
        ({"Cookie": "alcove_session=c", "Authorization": "Bearer b"}, "q", "b"),
        ({"Cookie": "alcove_session=c"}, "q", "q"),
        ({"Cookie": "alcove_session=c"}, None, "c"),
        ({"Cookie": "alcove_session=c"}, "", "c"),
        ({"Authorization": "Bearer", "Cookie": "a=b; alcove_session=c; session=d"}, None, "c"),
        ({"Authorization": "Bearer b"}, "q", "b"),
        ({"Authorization": "bearer b"}, None, "b"),
        ({}, "q", "q"),
        ({"Cookie": "other=c; session=d; __Host-alcove_session=e"}, "q", "q"),
        ({"Authorization": "Basic b"}, "q", "q"),
        ({"Cookie": "alcove_session="}, "q", "q"),
    ],
)
async def test_a1_header_precedes_query_and_query_precedes_login_cookie(
    server: Server, item: str, headers: dict[str, str], token: str | None, credential: str
) -> None:
    async with (
        await RoomClient.join(server, item, headers=headers, token=token) as tested,
        await RoomClient.join(server, item, token=credential) as expected,
        await RoomClient.join(server, item, token="another") as other_member,
    ):
        assert expected.member_id == tested.member_id
        assert other_member.member_id != tested.member_id


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  "},
        {"Cookie": "session=c"},
        {"Cookie": "__Host-alcove_session=c"},
        {"Cookie": "xalcove_session=c; alcove_session2=d"},
    ],
)
async def test_a1_a2_connection_without_a_credential_is_refused(
    server: Server, item: str, headers: dict[str, str]
) -> None:
    _, code, _ = await expect_refusal(server, item, token=None, headers=headers)
    assert code == 4401
    _, code, _ = await expect_refusal(server, item, token="", headers=headers)
    assert code == 4401


async def test_a2_member_id_is_derived_from_name_and_token(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item) as guest,
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Ada", token="other") as namesake,
        await RoomClient.join(server, item, name="Ada") as repeated,
    ):
        assert guest.hello["you"]["name"] == "Guest"
        assert len({guest.member_id, ada.member_id, namesake.member_id}) == 3
        assert ada.member_id == repeated.member_id


@pytest.mark.parametrize("name", ["ñandú 👋", "\u202eadA", "<b>", "日" * 64])
async def test_a2_any_name_is_shown_unchanged(server: Server, item: str, name: str) -> None:
    async with await RoomClient.join(server, item, name=name) as room:
        assert room.hello["you"]["name"] == name


async def test_a5_c_4403_cookie_is_accepted_only_from_the_servers_own_origin(server: Server, item: str) -> None:
    cookie = {"Cookie": "alcove_session=c"}
    async with await RoomClient.join(server, item, token=None, headers=cookie | {"Origin": server.url}):
        pass
    for origin in ("https://evil.example", "null", "http://127.0.0.1", f"{server.url}.evil.example"):
        error, code, _ = await expect_refusal(server, item, token=None, headers=cookie | {"Origin": origin})
        assert (error["code"], code) == ("forbidden", 4403)
        # A token in the same request has priority over the cookie: a browser does not add it by itself.
        async with await RoomClient.join(server, item, headers=cookie | {"Origin": origin}):
            pass


async def test_a5_token_is_accepted_from_any_origin(server: Server, item: str) -> None:
    headers = {"Origin": "https://else.example"}
    async with await RoomClient.join(server, item, headers=headers):
        pass
    async with await RoomClient.join(server, item, token=None, headers=headers | {"Authorization": "Bearer b"}):
        pass


async def test_h1_h4_slash_is_refused_in_an_item_id_even_if_encoded(server: Server) -> None:
    error, code, _ = await expect_refusal(server, "a/b")

    assert code == 4400
    assert "item_id" in error["message"]
    with pytest.raises(InvalidStatus):
        await connect(server, f"/items/{quote('a/b', safe='')}/ws?token=t")


def test_a2_open_mode_is_logged_as_a_warning(server: Server) -> None:
    assert "OPEN MODE" in server.output


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104 - the address is refused
def test_a2_open_mode_does_not_listen_on_other_addresses(tmp_path: Path, host: str) -> None:
    process = Process([ALCOVE, "serve", "--host", host, "--port", "0"], cwd=tmp_path)

    assert process.wait_for_exit() != 0
    (line,) = process.lines
    assert f"--host {host}" in line
    assert "ALCOVE_ALLOW_OPEN" in line
