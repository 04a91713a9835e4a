"""Read a room's event stream, as an EventSource in a browser does (W3)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.support.http import http
from tests.support.servers import Address

Event = dict[str, str]


@asynccontextmanager
async def events(server: Address, item: str, **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
    """Open the event stream of an item, and provide its events while the block runs."""
    async with (
        http(server, token=None) as client,
        client.stream("GET", f"/api/items/{item}/events?token=t", headers=headers) as response,
    ):
        assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        yield received_events(response)


async def received_events(response: httpx.Response) -> AsyncIterator[Event]:
    event: Event = {}
    async for line in response.aiter_lines():
        if line:
            field, _, value = line.partition(": ")
            event[field] = value
        elif event:
            yield event
            event = {}


async def next_entry(stream: AsyncIterator[Event]) -> Event:
    async for event in stream:
        if '"type":"entry"' in event.get("data", ""):
            return event
    raise AssertionError("the stream ended")
