"""Test the methods of an embedded Alcove (W11, S14, W14, W15, A7, S, H3)."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alcove import (
    Alcove,
    AlcoveError,
    ForbiddenError,
    InvalidError,
    Member,
    Message,
    NotStartedError,
    SettingsError,
    TooLargeError,
)
from tests.support.item_ids import INVALID_IDS, VALID_IDS

ADA, BOB = Member("ada", "Ada", "rw"), Member("bob", "Bob", "rw")
SHOP = Member("shop", "The shop", "rwm")


@pytest.fixture
async def alcove(tmp_path: Path) -> AsyncIterator[Alcove]:
    async with Alcove(f"sqlite:///{tmp_path}/alcove.db", body_bytes=1000) as alcove:
        yield alcove


async def test_w2_repeated_send_with_the_same_id_is_stored_once(alcove: Alcove) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    first = await alcove.send("order-1", {"text": "hello"}, by=ADA, id="a")
    repeated = await alcove.send("order-1", {"text": "hello"}, by=ADA, id="a")
    second = await alcove.send("order-1", None, by=ADA)

    assert first == repeated
    assert isinstance(first, Message)
    assert (first.item, first.seq, first.body, first.by.id) == ("order-1", 1, {"text": "hello"}, "ada")
    assert before < first.at < datetime.now(UTC) + timedelta(seconds=1)
    assert (second.seq, second.body) == (2, None)
    assert [first, second] == list(await alcove.entries("order-1"))


async def test_l2_sends_of_the_library_are_not_rate_limited(alcove: Alcove) -> None:
    assert list(range(1, 101)) == [(await alcove.send("order-1", n, by=ADA)).seq for n in range(100)]


async def test_s14_event_has_a_text_and_optional_data(alcove: Alcove) -> None:
    event = await alcove.event("order-1", "shipped", by=SHOP, data={"parcel": 17}, id="shipped-1")
    plain = await alcove.event("order-1", "paid", by=SHOP)

    assert (event.kind, event.body) == ("event", {"text": "shipped", "data": {"parcel": 17}})
    assert plain.body == {"text": "paid"}
    with pytest.raises(InvalidError, match="text"):
        await alcove.event("order-1", "", by=SHOP)


async def test_s8_only_the_author_or_a_moderator_edits_and_deletes(alcove: Alcove) -> None:
    await alcove.send("order-1", "hello", by=ADA)
    for change in (alcove.edit("order-1", 1, "x", by=BOB), alcove.delete("order-1", 1, by=BOB)):
        with pytest.raises(ForbiddenError):
            await change
    edit = await alcove.edit("order-1", 1, "hello!", by=ADA, id="e")
    assert (edit.kind, edit.target, edit.body) == ("edit", 1, "hello!")
    assert (await alcove.entries("order-1")).entries[0].body == "hello!"

    await alcove.delete("order-1", 1, by=SHOP)
    message = (await alcove.entries("order-1")).entries[0]
    assert (message.deleted is not None, message.body) == (True, None)
    with pytest.raises(InvalidError):
        await alcove.edit("order-1", 1, "again", by=ADA)


async def test_w1_entries_are_read_after_or_before_a_seq(alcove: Alcove) -> None:
    for n in range(5):
        await alcove.send("order-1", n, by=ADA)
    page = await alcove.entries("order-1", after=1, limit=2)

    assert ([entry.seq for entry in page], page.head, page.oldest) == ([2, 3], 5, 1)
    assert [entry.seq for entry in await alcove.entries("order-1", before=5, limit=2)] == [3, 4]
    with pytest.raises(InvalidError, match="exclude each other"):
        await alcove.entries("order-1", before=1, after=1)
    with pytest.raises(InvalidError, match="limit"):
        await alcove.entries("order-1", limit=501)


async def test_p5_unread_messages_follow_the_read_mark(alcove: Alcove) -> None:
    for n in range(3):
        await alcove.send("order-1", n, by=ADA)

    assert await alcove.mark_read("order-1", 2, by=BOB) == 2
    assert await alcove.mark_read("order-1", 99, by="carol") == 3
    unread = await alcove.unread(BOB, ["order-1", "order-2", "order-1"])
    assert {item: (count.head, count.unread) for item, count in unread.items()} == {
        "order-1": (3, 1),
        "order-2": (0, 0),
    }


async def test_w11_empty_room_has_no_members_and_a_room_can_be_deleted(alcove: Alcove) -> None:
    await alcove.send("order-1", "hello", by=ADA)

    assert ((members := await alcove.members("order-1")).members, members.count) == ([], 0)
    await alcove.delete_room("order-1")
    assert (await alcove.entries("order-1")).head == 0


async def test_w14_member_is_exported_and_erased(alcove: Alcove) -> None:
    await alcove.send("order-1", "of Ada", by=ADA)
    await alcove.send("order-1", "of Bob", by=BOB)

    async def export_lines(item: str | None = None, member: Member | None = None) -> list[dict[str, object]]:
        lines = b"".join([lines async for lines in alcove.export(item, member=member)]).splitlines()
        return [json.loads(line) for line in lines]

    assert [line["type"] for line in await export_lines("order-1")] == ["room", "entry", "entry"]
    assert [line["body"] for line in await export_lines(member=ADA) if line["type"] == "entry"] == ["of Ada"]
    await alcove.erase(ADA, by=SHOP)
    assert "Ada" not in json.dumps(await export_lines("order-1"))
    with pytest.raises(InvalidError, match="either"):
        await export_lines()


async def test_a8_invalid_ban_raises_invalid_error(alcove: Alcove) -> None:
    await alcove.ban(BOB, "order-1", right="write", until=datetime.now(UTC) + timedelta(hours=1), reason="spam")
    await alcove.unban(BOB, "order-1")
    await alcove.ban("bob")

    for invalid_ban in (
        alcove.ban(BOB, right="read"),  # type: ignore[arg-type]
        alcove.ban(BOB, reason=""),
        alcove.ban(BOB, until=datetime(2030, 1, 1)),  # noqa: DTZ001 - the missing time zone is refused
        alcove.ban(""),
    ):
        with pytest.raises(InvalidError):
            await invalid_ban


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda alcove: alcove.send("order-1", "x" * 1000, by=ADA), TooLargeError),
        (lambda alcove: alcove.send("order-1", object(), by=ADA), InvalidError),
        (lambda alcove: alcove.send("order-1", "\ud800", by=ADA), InvalidError),
        (lambda alcove: alcove.send("order-1", "hello", by=ADA, id="x" * 65), InvalidError),
        (lambda alcove: alcove.delete("order-1", 1, by=ADA), InvalidError),
        (lambda alcove: alcove.mark_read("order 1", 1, by=ADA), InvalidError),
    ],
    ids=["body too large", "not JSON", "lone surrogate", "id too long", "unknown target", "invalid item"],
)
async def test_s6_refused_call_raises_a_typed_error_and_stores_nothing(
    alcove: Alcove, call: Callable[[Alcove], Awaitable[object]], error: type[AlcoveError]
) -> None:
    with pytest.raises(error):
        await call(alcove)

    assert (await alcove.entries("order-1")).head == 0


async def test_h3_library_accepts_the_same_item_ids_as_sockets(alcove: Alcove) -> None:
    for item_id in VALID_IDS:
        assert item_id == (await alcove.send(item_id, "hello", by=ADA)).item
    for invalid_id, normalized in INVALID_IDS:
        with pytest.raises(InvalidError) as error:
            await alcove.send(invalid_id, "hello", by=ADA)
        assert normalized in str(error.value)


async def test_method_before_the_lifespan_raises_not_started_error(tmp_path: Path) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db")

    with pytest.raises(NotStartedError, match="lifespan"):
        await alcove.send("order-1", "hello", by=ADA)
    assert not (tmp_path / "alcove.db").exists()


def test_settings_come_from_arguments_not_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALCOVE_BODY_BYTES", "5")
    monkeypatch.setenv("ALCOVE_SECRET", "short")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("ALCOVE_RETAIN_DAYS=3\n")

    settings = Alcove(sends_burst=3).settings
    assert (settings.body_bytes, settings.retain_days, settings.sends_burst) == (65536, None, 3)
    assert settings.database_url == "sqlite:///alcove.db"
    with pytest.raises(SettingsError, match="no_such: there is no such setting"):
        Alcove(no_such=1)
    with pytest.raises(SettingsError, match="body_bytes='0': input should be greater"):
        Alcove(body_bytes=0)


@pytest.mark.parametrize("seq", ["1", True, 1.0, None, 0, -1, 2**53, "x" * 1000])
async def test_s8_s9_invalid_seq_is_refused_and_nothing_is_stored(alcove: Alcove, seq: Any) -> None:
    """An untyped path parameter is a string; as a stored target, no process could apply it."""
    await alcove.send("order-1", "hello", by=ADA)
    for call in (alcove.edit("order-1", seq, "changed", by=ADA), alcove.delete("order-1", seq, by=ADA)):
        with pytest.raises(InvalidError, match=r"seq: expected an integer from 1 to 9007199254740991, got "):
            await call

    assert [entry.body for entry in await alcove.entries("order-1")] == ["hello"]


async def test_argument_of_the_wrong_type_is_named_in_the_error(alcove: Alcove) -> None:
    wrong: Any = object()
    calls = {
        "item": (alcove.send(wrong, "x", by=ADA), alcove.ban("bob", wrong), alcove.delete_room(wrong)),
        "by": (
            alcove.send("order-1", "x", by=wrong),
            alcove.event("order-1", "x", by=wrong),
            alcove.erase("a", by=wrong),
        ),
        "id": (alcove.send("order-1", "x", by=ADA, id=wrong), alcove.event("order-1", "x", by=ADA, id=wrong)),
        "text": (alcove.event("order-1", wrong, by=ADA),),
        "seq": (alcove.mark_read("order-1", wrong, by=ADA),),
        "before": (alcove.entries("order-1", before=wrong),),
        "after": (alcove.entries("order-1", after=wrong),),
        "limit": (alcove.entries("order-1", limit=wrong),),
        "member": (alcove.ban(wrong), alcove.unban(wrong), alcove.revoke(wrong), alcove.unread(wrong, ["order-1"])),
        "items": (alcove.unread("bob", "order-1"),),
        "until": (alcove.ban("bob", until=wrong), alcove.ban("bob", until=datetime(2030, 1, 1))),  # noqa: DTZ001
        "reason": (alcove.ban("bob", reason=wrong),),
    }
    for name, wrong_calls in calls.items():
        for call in wrong_calls:
            with pytest.raises(InvalidError, match=rf"^{name}: expected .*, got "):
                await call

    assert list(await alcove.entries("order-1")) == []


@pytest.mark.parametrize("id", [None, True, 1.5, b"ada"])
def test_a8_member_without_an_id_is_refused(id: Any) -> None:
    """`None` as a string would make everybody without an id the same member."""
    with pytest.raises(InvalidError, match="id: expected a string, an integer or a UUID"):
        Member(id, "Ada")
