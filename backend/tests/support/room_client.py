"""Send and read lines with a client of a room, which checks that no entry is missing or repeated (R3)."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from itertools import count
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.support.clients import TIMEOUT_S, connect
from tests.support.servers import Address

PROTOCOL = "alcove.v1"
#: A decoded line of the protocol.
Line = dict[str, Any]  # Any: what JSON holds
_ids = count(1)


def socket_path(item: str, query: Mapping[str, object]) -> str:
    """Build the path of an item's socket, without the query parameters that are None."""
    parameters = {key: value for key, value in query.items() if value is not None}
    return f"/items/{quote(item, safe='')}/ws?{urlencode(parameters)}"


def new_id() -> str:
    """Return an id that no other send of the tests has."""
    return f"id-{next(_ids)}"


def send(body: object, id: str | None = None) -> Line:
    """Create a `send` line."""
    return {"type": "send", "id": id or new_id(), "body": body}


class RoomClient:
    """One connection to a room. Lines are read in order; `received` has those that were read."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.received: list[Line] = []
        #: The lines of the last frame that were not read yet.
        self.unread_lines: deque[str] = deque()
        self._seq: int | None = None

    @classmethod
    async def open(
        cls,
        server: Address,
        item: str,
        *,
        token: str | None = "t",
        headers: Mapping[str, str] | None = None,
        receive_buffer: int | None = None,
        **query: object,
    ) -> Self:
        """Open a socket without reading; `query` may have `name`, `after`, `log` and `tail`."""
        target = socket_path(item, {"token": token, **query})
        return cls(
            await connect(server, target, headers=headers, subprotocols=[PROTOCOL], receive_buffer=receive_buffer)
        )

    @classmethod
    async def join(cls, server: Address, item: str, **options: Any) -> Self:  # Any: the arguments of `open`
        """Open a socket, and read the `hello`."""
        room = await cls.open(server, item, **options)
        assert (await room.read_line())["type"] == "hello", room.received
        return room

    @property
    def hello(self) -> Line:
        """The `hello` line."""
        return self.received[0]

    @property
    def member_id(self) -> str:
        """The id of the member whose connection this is."""
        return str(self.hello["you"]["id"])

    @property
    def entries(self) -> list[Line]:
        """The entries received so far."""
        return [line for line in self.received if line["type"] == "entry"]

    @property
    def bodies(self) -> list[object]:
        """The bodies of the entries received so far."""
        return [entry.get("body") for entry in self.entries]

    async def read_line(self) -> Line:
        """Read the next line."""
        while not self.unread_lines:
            async with asyncio.timeout(TIMEOUT_S):
                frame = await self.socket.recv()
            assert isinstance(frame, str), "expected a text frame, got a binary one"
            self.unread_lines.extend(frame.split("\n"))
        line: Line = json.loads(self.unread_lines.popleft())
        self.received.append(line)
        self._assert_in_order(line)
        return line

    def _assert_in_order(self, line: Line) -> None:
        """Assert that an entry or a `gap` follows the previous one (R3)."""
        if line["type"] == "gap":
            assert line["from"] <= line["to"]
            assert self._seq is None or line["from"] == self._seq + 1
            self._seq = line["to"]
        elif line["type"] == "entry":
            assert self._seq is None or line["seq"] == self._seq + 1, f"expected seq {self._seq + 1}, got {line}"
            self._seq = line["seq"]

    async def wait_for(self, type: str, **fields: object) -> Line:
        """Read lines up to the next one of this type with these fields, and return it."""
        while True:
            line = await self.read_line()
            if line["type"] == type and all(line.get(name) == value for name, value in fields.items()):
                return line

    async def wait_for_seq(self, seq: int) -> list[Line]:
        """Read lines until the entry `seq` is received; return all entries received so far."""
        while self._seq is None or self._seq < seq:
            await self.read_line()
        return self.entries

    async def send_lines(self, *lines: Line) -> None:
        """Send lines in one frame."""
        await self.socket.send("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))

    async def wait_for_outcome(self, id: str) -> Line:
        """Read lines up to the `ack` or `error` of a send, and return it."""
        while True:
            line = await self.read_line()
            if line["type"] in ("ack", "error") and line.get("id") == id:
                return line

    async def request(self, line: Line) -> Line:
        """Send a line that has an id, and return its `ack` or `error`."""
        await self.send_lines(line)
        return await self.wait_for_outcome(line["id"])

    async def request_all(self, *lines: Line) -> list[Line]:
        """Send lines in one frame, and return the `ack` or `error` of each, in any order."""
        outcomes: dict[str, Line] = {}
        await self.send_lines(*lines)
        while len(outcomes) < len(lines):
            line = await self.read_line()
            if line["type"] in ("ack", "error"):
                outcomes[line["id"]] = line
        return [outcomes[line["id"]] for line in lines]

    async def send_messages(self, *bodies: object) -> list[int]:
        """Send messages in one frame, and return their seqs when all are acknowledged."""
        outcomes = await self.request_all(*[send(body) for body in bodies])
        assert {line["type"] for line in outcomes} == {"ack"}, outcomes
        return [line["seq"] for line in outcomes]

    async def lines_until_pong(self) -> list[Line]:
        """Send a ping, and return all lines that come before the pong."""
        received_before = len(self.received)
        await self.send_lines({"type": "ping"})
        await self.wait_for("pong")
        return self.received[received_before:-1]

    async def wait_for_close(self) -> int:
        """Read lines until the server closes, and return the close code."""
        try:
            while True:
                await self.read_line()
        except ConnectionClosed:
            assert self.socket.close_code is not None
            return self.socket.close_code

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()


async def expect_refusal(
    server: Address,
    item: str,
    **options: Any,  # Any: the arguments of `open`
) -> tuple[Line, int, str]:
    """Try to join a room that refuses the client; return the error line, the close code and its reason (H4)."""
    room = await RoomClient.open(server, item, **options)
    error = await room.read_line()
    code = await room.wait_for_close()
    assert error["type"] == "error"
    assert room.received == [error]
    return error, code, room.socket.close_reason or ""


async def read_page(client: httpx.AsyncClient, item: str, **bounds: int) -> Line:
    """Read a page of the item's log (W1)."""
    response = await client.get(f"/api/items/{item}/entries", params=bounds)
    assert response.status_code == 200, response.text
    result: Line = response.json()
    return result


async def read_log(client: httpx.AsyncClient, item: str) -> list[Line]:
    """Read every entry that the item's log has, page by page."""
    result = await read_page(client, item, after=0, limit=500)
    entries: list[Line] = result["entries"]
    while entries and entries[-1]["seq"] < result["head"]:
        entries += (await read_page(client, item, after=entries[-1]["seq"], limit=500))["entries"]
    return entries
