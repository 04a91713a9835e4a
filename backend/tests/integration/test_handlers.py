"""Test handlers of an application: each entry at least once and in order, items parked after repeated errors (K5)."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from alcove import Alcove, AlcoveError, Entry, Member, Message, SettingsError
from alcove.library.handlers import OnMessage

SHOP = Member("shop", "The shop", rights="rwm")


class RecordingHandler:
    """A handler that records the entries with which it is called."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._changed = asyncio.Condition()

    async def add(self, entry: Entry) -> None:
        """Record an entry."""
        async with self._changed:
            self.entries.append(entry)
            self._changed.notify_all()

    async def wait_for(self, count: int) -> list[Entry]:
        """Wait for `count` calls; return the entries."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: len(self.entries) >= count)
        return self.entries


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the URL of an empty log."""
    return f"sqlite:///{tmp_path / 'alcove.db'}"


async def test_k5_handler_gets_entries_of_its_kind_and_items(url: str) -> None:
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


async def test_k5_restarted_handler_continues_at_its_stored_position(url: str) -> None:
    async with Alcove(url) as earlier_alcove:
        await earlier_alcove.send("foo", "before the handler was there", by=SHOP)
    for bodies in (["one", "two"], ["away", "three"]):
        alcove, recorder = Alcove(url), RecordingHandler()
        alcove.on_message(name="notify")(recorder.add)
        # `away` was sent while the handler did not run.
        async with alcove:
            for body in bodies:
                if body != "away":
                    await alcove.send("foo", body, by=SHOP)
            await recorder.wait_for(len(bodies))
        assert [entry.body for entry in recorder.entries] == bodies
        async with Alcove(url) as other_alcove:
            await other_alcove.send("foo", "away", by=SHOP)


async def test_k5_item_is_parked_after_repeated_handler_errors(url: str, caplog: pytest.LogCaptureFixture) -> None:
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
    first_record, parked_record = [record for record in caplog.records if record.name.startswith("alcove.webhooks")]
    assert first_record.getMessage().startswith(
        "consumer notify fails, and is called again: RuntimeError, for entry 1 of item bad"
    )
    assert "entry 1 of item bad is parked after 2 attempts (RuntimeError)" in parked_record.getMessage()
    assert caplog.text.count("RuntimeError: no mail today") == 2


async def test_k5_recovery_of_a_handler_is_logged_once(url: str, caplog: pytest.LogCaptureFixture) -> None:
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


async def test_k5_function_without_await_is_called_in_a_thread(url: str) -> None:
    alcove, loop, called = Alcove(url), asyncio.get_running_loop(), asyncio.Event()

    @alcove.on_message(name="plain")
    def synchronous_handler(message: Message) -> None:
        assert message.body == "hello"
        loop.call_soon_threadsafe(called.set)

    async with alcove:
        await alcove.send("foo", "hello", by=SHOP)
        async with asyncio.timeout(60):
            await called.wait()


async def test_k5_duplicate_names_and_late_handlers_are_refused(url: str) -> None:
    alcove, recorder = Alcove(url), RecordingHandler()
    alcove.on_message(name="one")(recorder.add)
    for name in ("one", "webhook", "no name"):
        with pytest.raises(SettingsError, match=name):
            alcove.on_event(name=name)(recorder.add)
    async with alcove:
        with pytest.raises(AlcoveError, match="before the lifespan"):
            alcove.on_event(name="late")(recorder.add)


@pytest.mark.parametrize(
    "pattern", ["", "*-order", "a*b*", "**", "order 7", "a/*", "..", "x" * 129, "a\u0308*", None, 7]
)
def test_k5_pattern_that_matches_no_item_is_refused(url: str, pattern: str) -> None:
    with pytest.raises(SettingsError, match=r"^pattern .*: expected "):
        Alcove(url).on_message(pattern)


@pytest.mark.parametrize("kind", ["message", "edit", "delete", "event"])
def test_k5_decorator_without_parentheses_is_refused(url: str, kind: str) -> None:
    with pytest.raises(SettingsError, match=rf"^write @alcove\.on_{kind}\(\) with parentheses"):
        getattr(Alcove(url), f"on_{kind}")(RecordingHandler().add)


async def _takes_nothing() -> None: ...


async def _takes_two(_message: Message, _session: object) -> None: ...


async def _takes_a_keyword(*, message: Message) -> None: ...


async def _yields(_message: Message) -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize("function", [_takes_nothing, _takes_two, _takes_a_keyword, _yields, "notify", None])
def test_k5_function_that_cannot_take_an_entry_is_refused(url: str, function: OnMessage) -> None:
    with pytest.raises(SettingsError, match=r"^handler .*: write `async def \w+\(message: Message\)`"):
        Alcove(url).on_message()(function)


async def test_k5_callable_object_and_partial_may_be_handlers(url: str) -> None:
    class Notifier:
        async def __call__(self, message: Message) -> None:
            await recorder.add(message)

    async def notify(_session: object, message: Message) -> None:
        await recorder.add(message)

    alcove, recorder = Alcove(url), RecordingHandler()
    alcove.on_message()(Notifier())
    alcove.on_message()(partial(notify, None))
    async with alcove:
        message = await alcove.send("foo", "hello", by=SHOP)
        assert await recorder.wait_for(2) == [message, message]
