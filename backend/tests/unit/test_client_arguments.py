"""W6: what no request can carry is refused at once, and never as a server that does not answer."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from alcove import AsyncClient, Client, InvalidError, Member, SettingsError
from alcove.client.call import Call
from tests.support.credentials import SECRET

#: Nothing listens there: a request would raise UnavailableError.
NOWHERE = "http://127.0.0.1:1"
ADA = Member("ada", "Ada", "rw")
NO_ITEMS: list[Any] = ["", "a b", "a\0b", "\ud800", "..", "x" * 129, 7, None, b"foo"]
NO_MEMBERS: list[Any] = ["", "a\0b", "\ud800", "x" * 129, 7, b"ada", ["ada"]]
NO_IDS: list[Any] = ["", "a\0b", "\ud800", "é", "a\nb", " a", "x" * 65, 7, b"id"]

CallWith = Callable[[Client, Any], object]
CALLS_WITH_AN_ITEM: dict[str, CallWith] = {
    "send": lambda client, item: client.send(item, "x", by=ADA),
    "event": lambda client, item: client.event(item, "x", by=ADA),
    "edit": lambda client, item: client.edit(item, 1, "x", by=ADA),
    "delete": lambda client, item: client.delete(item, 1, by=ADA),
    "entries": lambda client, item: client.entries(item),
    "members": lambda client, item: client.members(item),
    "mark_read": lambda client, item: client.mark_read(item, 1, by=ADA),
    "delete_room": lambda client, item: client.delete_room(item),
    "unread": lambda client, item: client.unread("ada", [item]),
}
#: None stands for all items.
CALLS_WITH_AN_ITEM_OR_ALL: dict[str, CallWith] = {
    "export": lambda client, item: client.export(item),
    "ban": lambda client, item: client.ban("eve", item),
    "unban": lambda client, item: client.unban("eve", item),
    "revoke": lambda client, item: client.revoke("eve", item),
}
CALLS_WITH_A_MEMBER: dict[str, CallWith] = {
    "unread": lambda client, member: client.unread(member, ["foo"]),
    "mark_read": lambda client, member: client.mark_read("foo", 1, by=member),
    "export": lambda client, member: client.export(member=member),
    "erase": lambda client, member: client.erase(member, by=ADA),
    "ban": lambda client, member: client.ban(member),
    "unban": lambda client, member: client.unban(member),
    "revoke": lambda client, member: client.revoke(member),
}
CALLS_WITH_AN_AUTHOR: dict[str, CallWith] = {
    "send": lambda client, by: client.send("foo", "x", by=by),
    "event": lambda client, by: client.event("foo", "x", by=by),
    "edit": lambda client, by: client.edit("foo", 1, "x", by=by),
    "delete": lambda client, by: client.delete("foo", 1, by=by),
    "erase": lambda client, by: client.erase("eve", by=by),
}
CALLS_WITH_AN_ID: dict[str, CallWith] = {
    "send": lambda client, key: client.send("foo", "x", by=ADA, id=key),
    "event": lambda client, key: client.event("foo", "x", by=ADA, id=key),
    "edit": lambda client, key: client.edit("foo", 1, "x", by=ADA, id=key),
    "delete": lambda client, key: client.delete("foo", 1, by=ADA, id=key),
}


def refusals(calls: dict[str, CallWith], values: list[Any]) -> dict[tuple[str, str], str]:
    """Make each call with each value, and return the text of its InvalidError, by call and value."""
    texts = {}
    with Client(NOWHERE, SECRET) as client:
        for name, call in calls.items():
            for value in values:
                with pytest.raises(InvalidError) as error:
                    call(client, value)
                texts[name, repr(value)] = str(error.value)
    return texts


def expect_named(argument: str, texts: dict[tuple[str, str], str]) -> None:
    """Check that each text names the argument and says what was expected."""
    assert {call: text for call, text in texts.items() if not text.startswith(f"{argument}: expected ")} == {}


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:9512",
        "localhost:8000",
        "chat.example",
        "/chat",
        "",
        "ftp://chat.example",
        "ws://chat.example",
        "http:chat.example",
        "http://",
        "http:///chat",
        "http://chat.example:99999",
        "http://chat.example:port",
        "http://[::1",
        "http://chat.example/a b",
        "http://chat.example/\0",
        "http://\ud800.example",
        "http://user:word@chat.example",
        "http://chat.example?token=word",
        "http://chat.example#part",
        None,
        b"http://chat.example",
    ],
)
def test_w6_a6_an_address_where_no_request_can_be_sent_is_refused_at_construction(
    client: type[Client] | type[AsyncClient], url: Any
) -> None:
    with pytest.raises(SettingsError, match=r"url.*: expected the address of a server, as https://") as error:
        client(url, SECRET)

    assert "word" not in str(error.value)


@pytest.mark.parametrize("url", [NOWHERE, "HTTPS://chat.example/chat/", "http://[::1]:8000", "https://bücher.example"])
def test_w6_an_address_of_a_server_is_taken(url: str) -> None:
    Client(url, SECRET).close()


def test_w6_an_item_that_no_request_can_carry_is_refused_by_name() -> None:
    texts = refusals(CALLS_WITH_AN_ITEM, NO_ITEMS)
    texts |= refusals(CALLS_WITH_AN_ITEM_OR_ALL, [item for item in NO_ITEMS if item is not None])

    # `unread` takes several.
    expect_named("item", {call: text.replace("items:", "item:", 1) for call, text in texts.items()})


def test_w6_a_member_whom_no_request_can_carry_is_refused_by_name() -> None:
    expect_named("member", refusals(CALLS_WITH_A_MEMBER, NO_MEMBERS))


def test_w6_an_author_that_is_no_member_is_refused_by_name() -> None:
    expect_named("by", refusals(CALLS_WITH_AN_AUTHOR, ["ada", None, 7, {"id": "ada"}]))


def test_w6_an_id_that_no_header_can_carry_is_refused_by_name() -> None:
    expect_named("id", refusals(CALLS_WITH_AN_ID, NO_IDS))


def test_w6_an_answer_that_is_no_json_says_that_the_address_is_another_servers() -> None:
    call = Call("GET", "/", "token", lambda content: content)
    assert call.result(200, b"<html>") == b"<html>"

    with pytest.raises(InvalidError, match="url: what answers there is no Alcove server"):
        Call("GET", "/", "token", msgspec.json.decode).result(200, b"<html>")
