"""Read a room's event stream, as an EventSource in a browser does (W3)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.support.http import http
from tests.support.servers import Address

Event = dict[str, str]


@asynccontextmanager
async def open_event_stream(server: Address, item: str, **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
    """Open the event stream of an item, and yield an iterator over its events."""
    async with (
        http(server, token=None) as client,
        client.stream("GET", f"/api/items/{item}/events?token=t", headers=headers) as response,
    ):
        assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        yield parse_events(response)


async def parse_events(response: httpx.Response) -> AsyncIterator[Event]:
    """Yield each event of the response as its fields."""
    event: Event = {}
    async for line in response.aiter_lines():
        if line:
            field, _, value = line.partition(": ")
            event[field] = value
        elif event:
            yield event
            event = {}


async def next_entry(stream: AsyncIterator[Event]) -> Event:
    """Return the next event that carries an entry."""
    async for event in stream:
        if '"type":"entry"' in event.get("data", ""):
            return event
    raise AssertionError("expected an entry, but the stream ended")
