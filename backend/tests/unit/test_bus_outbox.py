"""Test the outbox of a bus: limits on messages and bytes, and reported losses (X2)."""

import asyncio

from alcove.bus.outbox import Outbox
from tests.support.turns import run_turns

#: The maximum number of queued messages.
MAX_MESSAGES = 20_000
#: The maximum number of queued bytes before the last message.
MAX_BYTES = 16 * 1024 * 1024


def open_outbox() -> Outbox:
    """Create an open outbox, and take the loss that opening reports."""
    outbox = Outbox()
    outbox.open()
    outbox.take_loss()
    return outbox


def test_x2_messages_leave_the_outbox_once_and_in_order() -> None:
    outbox = open_outbox()
    outbox.put("foo", b"1")
    outbox.put("bar", b"2")

    assert outbox.take() == [("foo", b"1"), ("bar", b"2")]
    assert (outbox.take(), outbox.take_loss()) == ([], False)


def test_x2_opening_an_outbox_reports_a_possible_loss() -> None:
    outbox = Outbox()
    outbox.open()

    assert outbox.take_loss()
    assert not outbox.take_loss()


def test_x2_a_message_to_a_closed_outbox_is_lost() -> None:
    outbox = open_outbox()
    outbox.put("foo", b"waiting")
    outbox.close()
    outbox.put("foo", b"lost")

    assert (outbox.take(), outbox.take_loss()) == ([], True)


def test_x2_messages_beyond_the_count_limit_are_lost_and_reported() -> None:
    outbox = open_outbox()
    for _ in range(MAX_MESSAGES + 1):
        outbox.put("foo", b"")

    assert (len(outbox.take()), outbox.take_loss()) == (MAX_MESSAGES, True)
    outbox.put("foo", b"there is room again")
    assert (len(outbox.take()), outbox.take_loss()) == (1, False)


def test_x2_messages_beyond_the_byte_limit_are_lost_and_reported() -> None:
    outbox = open_outbox()
    message = b"x" * (1024 * 1024)
    for _ in range(40):
        outbox.put("foo", message)

    # The message that passes the limit is the last one kept.
    assert (len(outbox.take()), outbox.take_loss()) == (MAX_BYTES // len(message) + 1, True)


async def test_x2_the_sender_waits_until_a_message_is_added() -> None:
    outbox = open_outbox()
    await outbox.wait()  # returns at once, because the outbox was opened
    wait_task = asyncio.create_task(outbox.wait())
    await run_turns()
    assert not wait_task.done()

    outbox.put("foo", b"1")
    await wait_task
