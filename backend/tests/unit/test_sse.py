"""Test the connection of a stream of Server-Sent Events, without a server (W3, D2)."""

from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent

from alcove.wire.connection import Frame
from alcove.wire.sse import SseConnection
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_w3_a_reader_that_ignores_the_close_event_is_aborted() -> None:
    aborted = list[str]()
    stuck, ended = (SseConnection(lambda name=name: aborted.append(name)) for name in ("stuck", "ended"))  # type: ignore[misc]  # bound now
    for connection in (stuck, ended):
        connection.write(Frame(b'{"type":"pong"}'))
        connection.close(4401, "expired")
    await elapse(4.9)
    assert aborted == []
    ended.end()
    await elapse(0.2)

    assert aborted == ["stuck"]


async def take_events(events: AsyncIterator[ServerSentEvent], count: int) -> list[tuple[str | None, str | None]]:
    """Take the next `count` events; return the id and the data of each."""
    received = [await anext(events) for _ in range(count)]
    return [(event.id, event.raw_data) for event in received]


async def test_w3_each_line_is_an_event_buffered_until_its_frame_is_sent() -> None:
    connection = SseConnection()
    events = connection.events()
    frame = Frame(b'{"type":"entry","seq":7,"body":1}\n{"type":"presence"}')
    connection.write(frame)

    assert await take_events(events, 1) == [("7", '{"type":"entry","seq":7,"body":1}')]
    assert connection.buffered_bytes() == len(frame.payload)
    assert await take_events(events, 1) == [(None, '{"type":"presence"}')]
    connection.close(4401, "expired")
    assert await take_events(events, 1) == [(None, '{"code":4401,"reason":"expired"}')]
    assert connection.buffered_bytes() == 0
    connection.end()


async def test_d2_a_full_buffer_refuses_writes_until_half_is_sent() -> None:
    connection = SseConnection()
    events = connection.events()
    assert connection.try_write(Frame(b"x" * 100_000))
    assert not connection.try_write(Frame(b"x" * 100_000))
    wait = connection.wait_writable()
    await take_events(events, 1)
    connection.write(Frame(b"last"))
    await take_events(events, 1)

    assert await wait
    assert connection.try_write(Frame(b"x" * 100_000))
    connection.end()
    assert not await connection.wait_writable()
