"""The events of a room, as an EventSource receives them (W3)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.support.http import http
from tests.support.servers import Address

Event = dict[str, str]


@asynccontextmanager
async def events(server: Address, item: str, **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
    """The events of an item, as an EventSource would hear them."""
    async with (
        http(server, token=None) as client,
        client.stream("GET", f"/api/items/{item}/events?token=t", headers=headers) as answer,
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        yield heard(answer)


async def heard(answer: httpx.Response) -> AsyncIterator[Event]:
    event: Event = {}
    async for line in answer.aiter_lines():
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
