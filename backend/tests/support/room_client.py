"""A client in a room: it speaks alcove.v1 line by line, and watches that no entry is missing or comes twice (R3)."""

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

from tests.support.clients import PATIENCE_S, connect
from tests.support.servers import Address

PROTOCOL = "alcove.v1"
#: A line of the protocol, as JSON gives it.
Line = dict[str, Any]  # Any: what JSON holds
_ids = count(1)


def path(item: str, query: Mapping[str, object]) -> str:
    """The way to an item's socket; what is None in the query is left out."""
    given = {key: value for key, value in query.items() if value is not None}
    return f"/items/{quote(item, safe='')}/ws?{urlencode(given)}"


def new_id() -> str:
    """An id for a send that no other send of these tests has."""
    return f"id-{next(_ids)}"


def send(body: object, id: str | None = None) -> Line:
    """A send."""
    return {"type": "send", "id": id or new_id(), "body": body}


class RoomClient:
    """One connection to a room. Lines are taken in the order they came; `heard` keeps those that were taken."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Line] = []
        self._due: deque[str] = deque()
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
        """Open a socket and read nothing yet; `query` may have `name`, `after`, `log` and `tail`."""
        where = path(item, {"token": token, **query})
        return cls(
            await connect(server, where, headers=headers, subprotocols=[PROTOCOL], receive_buffer=receive_buffer)
        )

    @classmethod
    async def join(cls, server: Address, item: str, **how: Any) -> Self:  # Any: what `open` takes
        """Open a socket and read the hello."""
        room = await cls.open(server, item, **how)
        assert (await room.line())["type"] == "hello", room.heard
        return room

    @property
    def hello(self) -> Line:
        """The first line."""
        return self.heard[0]

    @property
    def me(self) -> str:
        """The id of the member that this connection belongs to."""
        return str(self.hello["you"]["id"])

    @property
    def entries(self) -> list[Line]:
        """The entries heard so far."""
        return [line for line in self.heard if line["type"] == "entry"]

    @property
    def bodies(self) -> list[object]:
        """The bodies of the entries heard so far."""
        return [entry.get("body") for entry in self.entries]

    async def line(self) -> Line:
        """The next line."""
        while not self._due:
            async with asyncio.timeout(PATIENCE_S):
                frame = await self.socket.recv()
            assert isinstance(frame, str), "a binary frame"
            self._due.extend(frame.split("\n"))
        line: Line = json.loads(self._due.popleft())
        self.heard.append(line)
        self._watch(line)
        return line

    def _watch(self, line: Line) -> None:
        """See that entries follow one another, but for announced gaps (R3)."""
        if line["type"] == "gap":
            assert line["from"] <= line["to"]
            assert self._seq is None or line["from"] == self._seq + 1
            self._seq = line["to"]
        elif line["type"] == "entry":
            assert self._seq is None or line["seq"] == self._seq + 1, f"{self._seq} is followed by {line}"
            self._seq = line["seq"]

    async def until(self, type: str, **fields: object) -> Line:
        """The next line of this type with these fields; what comes before it is kept in `heard`."""
        while True:
            line = await self.line()
            if line["type"] == type and all(line.get(name) == value for name, value in fields.items()):
                return line

    async def until_seq(self, seq: int) -> list[Line]:
        """All entries heard, when `seq` is among them."""
        while self._seq is None or self._seq < seq:
            await self.line()
        return self.entries

    async def tell(self, *lines: Line) -> None:
        """Send lines in one frame."""
        await self.socket.send("\n".join(json.dumps(line, ensure_ascii=False) for line in lines))

    async def answer(self, id: str) -> Line:
        """The ack or the error for a send."""
        while True:
            line = await self.line()
            if line["type"] in ("ack", "error") and line.get("id") == id:
                return line

    async def ask(self, line: Line) -> Line:
        """Send a line that has an id; return its ack or its error."""
        await self.tell(line)
        return await self.answer(line["id"])

    async def answers(self, *lines: Line) -> list[Line]:
        """Send lines in one frame; return the ack or the error of each, in whichever order they come."""
        found: dict[str, Line] = {}
        await self.tell(*lines)
        while len(found) < len(lines):
            line = await self.line()
            if line["type"] in ("ack", "error"):
                found[line["id"]] = line
        return [found[line["id"]] for line in lines]

    async def say(self, *bodies: object) -> list[int]:
        """Send messages in one frame; return their seqs when all are acknowledged."""
        answers = await self.answers(*[send(body) for body in bodies])
        assert {line["type"] for line in answers} == {"ack"}, answers
        return [line["seq"] for line in answers]

    async def settle(self) -> list[Line]:
        """All lines that come before the answer to a ping, which is not among them."""
        known = len(self.heard)
        await self.tell({"type": "ping"})
        await self.until("pong")
        return self.heard[known:-1]

    async def closed(self) -> int:
        """The code with which the server closes; lines that come before are kept in `heard`."""
        try:
            while True:
                await self.line()
        except ConnectionClosed:
            assert self.socket.close_code is not None
            return self.socket.close_code

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()


async def turned_away(server: Address, item: str, **how: Any) -> tuple[Line, int, str]:  # Any: what `open` takes
    """Knock where one is refused: the error line, the close code, and the reason it gives (H4)."""
    room = await RoomClient.open(server, item, **how)
    error = await room.line()
    code = await room.closed()
    assert error["type"] == "error"
    assert room.heard == [error]
    return error, code, room.socket.close_reason or ""


async def page(client: httpx.AsyncClient, item: str, **bounds: int) -> Line:
    """A page of the item's log (W1)."""
    answer = await client.get(f"/api/items/{item}/entries", params=bounds)
    assert answer.status_code == 200, answer.text
    found: Line = answer.json()
    return found


async def whole_log(client: httpx.AsyncClient, item: str) -> list[Line]:
    """Every entry that the item's log keeps, page by page."""
    found = await page(client, item, after=0, limit=500)
    entries: list[Line] = found["entries"]
    while entries and entries[-1]["seq"] < found["head"]:
        entries += (await page(client, item, after=entries[-1]["seq"], limit=500))["entries"]
    return entries
