"""Handlers of an application: at least once, in order for each item, parked on repeated errors (K5)."""

import asyncio
from pathlib import Path

import pytest

from alcove import Alcove, AlcoveError, Entry, Member, Message, SettingsError

SHOP = Member("shop", "The shop", rights="rwm")


class RecordingHandler:
    """What handlers were called with, and the event of each call."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._news = asyncio.Condition()

    async def add(self, entry: Entry) -> None:
        """Keep an entry."""
        async with self._news:
            self.entries.append(entry)
            self._news.notify_all()

    async def wait_for(self, count: int) -> list[Entry]:
        """Wait until this many calls were made."""
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: len(self.entries) >= count)
        return self.entries


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the URL of an empty log."""
    return f"sqlite:///{tmp_path / 'alcove.db'}"


async def test_k5_each_handler_is_called_with_its_kind_of_entry_of_its_items(url: str) -> None:
    alcove = Alcove(url)
    messages, other_entries = RecordingHandler(), RecordingHandler()

    @alcove.on_message("order-*", name="notify")
    async def notify(message: Message) -> None:
        await messages.add(message)

    for register in (alcove.on_edit, alcove.on_delete, alcove.on_event):
        register(name=register.__name__)(other_entries.add)
    async with alcove:
        await alcove.send("other", "not of an order", by=SHOP)
        message_sent = await alcove.send("order-1", {"text": "hello"}, by=SHOP)
        assert await messages.wait_for(1) == [message_sent]
        await alcove.edit("order-1", 1, "hi", by=SHOP)
        await other_entries.wait_for(1)
        await alcove.delete("order-1", 1, by=SHOP)
        await other_entries.wait_for(2)
        await alcove.event("order-1", "shipped", by=SHOP)
        await other_entries.wait_for(3)

    assert [(entry.kind, entry.target) for entry in other_entries.entries] == [
        ("edit", 1),
        ("delete", 1),
        ("event", None),
    ]
    assert [type(entry) for entry in messages.entries] == [Message]


async def test_k5_a_handler_goes_on_where_it_was_under_its_name(url: str) -> None:
    async with Alcove(url) as before:
        await before.send("foo", "before the handler was there", by=SHOP)
    for bodies in (["one", "two"], ["away", "three"]):
        alcove, recorder = Alcove(url), RecordingHandler()
        alcove.on_message(name="notify")(recorder.add)
        async with alcove:
            for body in bodies:
                if body != "away":
                    await alcove.send("foo", body, by=SHOP)
            await recorder.wait_for(len(bodies))
        assert [entry.body for entry in recorder.entries] == bodies
        async with Alcove(url) as away:
            await away.send("foo", "away", by=SHOP)


async def test_k5_a_handler_that_fails_is_called_again_and_then_its_item_is_parked(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    alcove, recorder = Alcove(url, handler_attempts=2), RecordingHandler()

    @alcove.on_message(name="notify")
    async def notify(message: Message) -> None:
        await recorder.add(message)
        if message.item == "bad":
            raise RuntimeError("no mail today")

    async with alcove:
        await alcove.send("bad", "one", by=SHOP)
        await recorder.wait_for(2)
        await alcove.send("bad", "two", by=SHOP)
        await alcove.send("good", "three", by=SHOP)
        await recorder.wait_for(3)
    assert [entry.body for entry in recorder.entries] == ["one", "one", "three"]
    first, parked = [record for record in caplog.records if record.name.startswith("alcove.webhooks")]
    assert first.getMessage().startswith(
        "consumer notify fails, and is called again: RuntimeError, for entry 1 of item bad"
    )
    assert "entry 1 of item bad is parked after 2 attempts (RuntimeError)" in parked.getMessage()
    assert caplog.text.count("RuntimeError: no mail today") == 2


async def test_k5_a_handler_that_works_again_is_logged_once(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    alcove, recorder = Alcove(url), RecordingHandler()

    @alcove.on_message(name="notify")
    async def notify(message: Message) -> None:
        await recorder.add(message)
        if len(recorder.entries) == 1:
            raise RuntimeError("no mail today")

    async with alcove:
        await alcove.send("foo", "one", by=SHOP)
        await alcove.send("foo", "two", by=SHOP)
        await recorder.wait_for(3)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("alcove.webhooks")]
    assert [line.split(",")[0] for line in lines] == ["consumer notify fails", "consumer notify works again"]
    assert caplog.text.count("Traceback") == 1


async def test_k5_a_function_without_await_is_called_in_a_thread(url: str) -> None:
    alcove, loop, called = Alcove(url), asyncio.get_running_loop(), asyncio.Event()

    @alcove.on_message(name="plain")
    def synchronous_handler(message: Message) -> None:
        assert message.body == "hello"
        loop.call_soon_threadsafe(called.set)

    async with alcove:
        await alcove.send("foo", "hello", by=SHOP)
        async with asyncio.timeout(60):
            await called.wait()


async def test_k5_names_are_unique_and_handlers_come_before_the_start(url: str) -> None:
    alcove, recorder = Alcove(url), RecordingHandler()
    alcove.on_message(name="one")(recorder.add)
    for name in ("one", "webhook", "no name"):
        with pytest.raises(SettingsError, match=name):
            alcove.on_event(name=name)(recorder.add)
    with pytest.raises(SettingsError, match="at its end"):
        alcove.on_event("*-order")
    async with alcove:
        with pytest.raises(AlcoveError, match="before the lifespan"):
            alcove.on_event(name="late")(recorder.add)
