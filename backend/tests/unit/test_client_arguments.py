"""Test that the client refuses invalid arguments by name, before it makes a request (W6)."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alcove import AsyncClient, Client, ImportEntry, InvalidError, Member, SettingsError, TooLargeError
from alcove.client.call import Call, error_of
from tests.support.credentials import SECRET

#: An address where nothing listens, so that any request would raise UnavailableError.
NOWHERE = "http://127.0.0.1:1"
ADA = Member("ada", "Ada", "rw")
INVALID_ITEMS: list[Any] = ["", "a b", "a\0b", "\ud800", "..", "x" * 129, 7, None, b"foo"]
INVALID_MEMBERS: list[Any] = ["", "a\0b", "\ud800", "x" * 129, 7, b"ada", ["ada"]]
INVALID_IDS: list[Any] = ["", "a\0b", "\ud800", "é", "a\nb", " a", "x" * 65, 7, b"id"]

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
#: The item None stands for all items.
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


def collect_refusals(calls: dict[str, CallWith], values: list[Any]) -> dict[tuple[str, str], str]:
    """Make each call with each value, and return the text of its InvalidError, by call and value."""
    texts = {}
    with Client(NOWHERE, SECRET) as client:
        for name, call in calls.items():
            for value in values:
                with pytest.raises(InvalidError) as error:
                    call(client, value)
                texts[name, repr(value)] = str(error.value)
    return texts


def assert_texts_name(argument: str, texts: dict[tuple[str, str], str]) -> None:
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
def test_w6_a6_an_invalid_url_is_refused_at_construction(client: type[Client] | type[AsyncClient], url: Any) -> None:
    with pytest.raises(SettingsError, match=r"url.*: expected the address of a server, as https://") as error:
        client(url, SECRET)

    assert "word" not in str(error.value)


@pytest.mark.parametrize("url", [NOWHERE, "HTTPS://chat.example/chat/", "http://[::1]:8000", "https://bücher.example"])
def test_w6_a_valid_url_is_accepted(url: str) -> None:
    Client(url, SECRET).close()


def test_w6_an_invalid_item_is_refused_with_the_argument_name() -> None:
    texts = collect_refusals(CALLS_WITH_AN_ITEM, INVALID_ITEMS)
    texts |= collect_refusals(CALLS_WITH_AN_ITEM_OR_ALL, [item for item in INVALID_ITEMS if item is not None])

    # `unread` takes a list, and names it.
    assert_texts_name("item", {call: text.replace("items:", "item:", 1) for call, text in texts.items()})


def test_w6_an_invalid_member_is_refused_with_the_argument_name() -> None:
    assert_texts_name("member", collect_refusals(CALLS_WITH_A_MEMBER, INVALID_MEMBERS))


def test_w6_an_author_must_be_a_member() -> None:
    assert_texts_name("by", collect_refusals(CALLS_WITH_AN_AUTHOR, ["ada", None, 7, {"id": "ada"}]))


def test_w6_an_invalid_id_is_refused_with_the_argument_name() -> None:
    assert_texts_name("id", collect_refusals(CALLS_WITH_AN_ID, INVALID_IDS))


async def iterate_async(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize(
    ("source", "got"),
    [
        (None, "NoneType"),
        (Path("comments.ndjson"), "PosixPath"),
        (ImportEntry("foo", 1, ADA, datetime.now(UTC), "x"), "ImportEntry"),
    ],
)
async def test_w14_source_that_cannot_be_read_is_refused(source: Any, got: str) -> None:
    expected = "source: expected lines as bytes or str, lines or ImportEntry objects one after the other, or an open"
    with Client(NOWHERE, SECRET) as client, pytest.raises(InvalidError) as error:
        client.import_entries(source)
    async with AsyncClient(NOWHERE, SECRET) as async_client:
        with pytest.raises(InvalidError) as async_error:
            await async_client.import_entries(source)

    assert str(error.value) == str(async_error.value) == f"{expected} file; got {got}"


def test_w14_client_names_the_class_that_reads_an_asynchronous_source() -> None:
    source: Any = iterate_async([b""])
    with Client(NOWHERE, SECRET) as client, pytest.raises(InvalidError, match=r"got async_generator: use AsyncClient$"):
        client.import_entries(source)


def test_l1_response_413_of_a_proxy_is_an_error_of_size() -> None:
    error = error_of(413, b"<html>")

    assert (type(error), str(error)) == (TooLargeError, "the server answered 413")


def test_w6_an_answer_without_json_blames_the_url() -> None:
    call = Call("GET", "/", "token", lambda content: content)
    assert call.result(200, b"<html>") == b"<html>"

    with pytest.raises(
        InvalidError, match=r"url: expected an Alcove server of this version .*, got the response of an"
    ):
        Call("GET", "/", "token", msgspec.json.decode).result(200, b"<html>")
