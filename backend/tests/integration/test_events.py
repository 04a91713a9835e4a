"""W3: the room as Server-Sent Events, on real connections."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.integration.servers import Address, Server, alcove, fastapi_dev, untroubled

Event = dict[str, str]


@asynccontextmanager
async def events(server: Address, item: str, **headers: str) -> AsyncIterator[AsyncIterator[Event]]:
    """The events of an item, as an EventSource would hear them."""
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=20) as http,
        http.stream("GET", f"/api/items/{item}/events?token=t", headers=headers) as answer,
    ):
        assert (200, "text/event-stream; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
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


async def send(server: Server, item: str, *bodies: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        for body in bodies:
            answer = await http.post(f"/api/items/{item}/entries?token=t", json={"body": body})
            assert 201 == answer.status_code


async def test_w3_the_first_event_is_the_hello_and_entries_carry_their_seq_as_id(server: Server) -> None:
    async with events(server, "sse-first") as stream:
        hello = json.loads((await anext(stream))["data"])
        await send(server, "sse-first", "one", "two")
        entries = [await next_entry(stream), await next_entry(stream)]

    assert ("hello", ["read"]) == (hello["type"], hello["you"]["can"])
    assert ["1", "2"] == [entry["id"] for entry in entries]
    assert ["one", "two"] == [json.loads(entry["data"])["body"] for entry in entries]


async def test_w3_last_event_id_resumes_behind_that_entry(server: Server) -> None:
    await send(server, "sse-resume", "one", "two", "three")

    async with events(server, "sse-resume", **{"Last-Event-ID": "1"}) as stream:
        entries = [await next_entry(stream), await next_entry(stream)]

    assert ["2", "3"] == [entry["id"] for entry in entries]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/items/foo/events", 401),
        ("/api/items/foo/events?token=t&tail=501", 422),
        ("/api/items/fo%20o/events?token=t", 422),
    ],
)
async def test_w3_what_is_refused_is_a_problem_and_no_stream(server: Server, path: str, status: int) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.get(path)

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


async def test_w3_a_reader_that_left_is_a_member_no_more(server: Server) -> None:
    async with events(server, "sse-left") as stream:
        await anext(stream)
    async with events(server, "sse-left") as stream:
        # The first one's room is gone, so the second one's is new, and its only member the second one.
        assert 1 == json.loads((await anext(stream))["data"])["count"]


async def test_w3_a_server_that_stops_says_so_and_ends_in_time(tmp_path: Path) -> None:
    with untroubled(alcove(cwd=tmp_path)) as server:
        async with events(server, "sse-end") as stream:
            await anext(stream)
            took = server.end()
            closing = [event async for event in stream][-1]

    assert {"event": "close", "data": '{"code":1012,"reason":"restart"}'} == closing
    assert took < 2.0


async def test_w3_fastapi_dev_stops_in_time_with_a_stream_open(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("from alcove.main import app as app\n")
    with untroubled(fastapi_dev(tmp_path, "main.py")) as server:
        async with events(server, "sse-dev") as stream:
            await anext(stream)
            took = server.end()

    assert took < 2.0
