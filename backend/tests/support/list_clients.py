"""Follow the list of rooms with a client, over a socket or as Server-Sent Events (W10)."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.support.clients import TIMEOUT_S, connect
from tests.support.credentials import token
from tests.support.http import http
from tests.support.room_client import PROTOCOL, Line
from tests.support.servers import Address

#: How a client follows the list.
Transport = Literal["socket", "events"]
TRANSPORTS: tuple[Transport, ...] = ("socket", "events")

#: The headers of the member who posts messages.
WRITER = {"Authorization": f"Bearer {token(sub='writer', items={'*': 'rwm'})}"}


async def post_message(client: httpx.AsyncClient, item: str, body: object = "hello", headers: Any = WRITER) -> int:
    """Post a message; return its seq."""
    response = await client.post(f"/api/items/{item}/entries", json={"body": body}, headers=headers)
    return int(response.raise_for_status().json()["seq"])


def reader_token(items: dict[str, str], sub: str = "reader", **claims: Any) -> str:
    """Sign a token for a member with these rights, who reads the list."""
    return token(sub=sub, items=items, **claims)


class _Source(Protocol):
    async def read_frame(self) -> str | None:
        """Return the next frame, which has one line or more; None: the server closed."""
        ...

    @property
    def close_code(self) -> int | None:
        """The code with which the server closed."""
        ...


class _Socket:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def read_frame(self) -> str | None:
        """Return the next frame."""
        try:
            return str(await self.socket.recv())
        except ConnectionClosed:
            return None

    @property
    def close_code(self) -> int | None:
        """The code of the close frame."""
        return self.socket.close_code


class _Events:
    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()
        self.close_code: int | None = None

    async def read_frame(self) -> str | None:
        """Return the data of the next event."""
        event = ""
        async for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "event":
                event = value
            elif field == "data":
                if event == "close":
                    self.close_code = json.loads(value)["code"]
                    return None
                return value
        return None


class ListClient:
    """One connection to the list, whose lines are read in order."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._unread_lines: list[str] = []
        #: The last line of each item.
        self.items: dict[str, Line] = {}

    async def read_line(self) -> Line | None:
        """Return the next line; None: the server closed."""
        while not self._unread_lines:
            async with asyncio.timeout(TIMEOUT_S):
                frame = await self._source.read_frame()
            if frame is None:
                return None
            self._unread_lines = frame.split("\n")
        line: Line = json.loads(self._unread_lines.pop(0))
        if line["type"] == "item":
            self.items[line["item"]] = line
        return line

    async def wait_for(self, **fields: object) -> Line:
        """Return the next line that has these fields."""
        while (line := await self.read_line()) is not None:
            if fields.items() <= line.items():
                return line
        raise AssertionError(f"expected a line with {fields}, got a close with {self._source.close_code}")

    async def wait_for_ready(self) -> list[str]:
        """Read up to the line `ready`; return the items of the lines before it, in order."""
        items: list[str] = []
        while (line := await self.read_line()) is not None:
            if line["type"] == "ready":
                return items
            assert line["type"] == "item", line
            items.append(line["item"])
        raise AssertionError(f"expected `ready`, got a close with {self._source.close_code}")

    async def wait_for_close(self) -> tuple[int | None, Line | None]:
        """Return the code with which the server closes, and the line before that."""
        last: Line | None = None
        while (line := await self.read_line()) is not None:
            last = line
        return self._source.close_code, last


@asynccontextmanager
async def follow_list(
    server: Address,
    transport: Transport = "socket",
    *,
    token: str | None = "t",
    headers: Mapping[str, str] | None = None,
    receive_buffer: int | None = None,
    **query: Any,  # Any: what a query holds
) -> AsyncIterator[ListClient]:
    """Follow the list of rooms; `query` may have `limit`, `prefix` and `name`."""
    parameters = {**({} if token is None else {"token": token}), **query}
    if transport == "socket":
        socket = await connect(
            server,
            f"/api/items/ws?{urlencode(parameters)}",
            headers=headers,
            subprotocols=[PROTOCOL],
            receive_buffer=receive_buffer,
        )
        async with socket:
            yield ListClient(_Socket(socket))
        return
    async with (
        http(server, token=None) as client,
        client.stream("GET", "/api/items/events", params=parameters, headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        yield ListClient(_Events(response))
