"""A client that reconnects and resends until everything is acknowledged, and checks every line (S3, S5, R3, D3)."""

import asyncio
import json
from collections import deque
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.support.clients import connect
from tests.support.room_client import PROTOCOL, Line, path
from tests.support.servers import Address
from tests.support.storm import depth

ITEM = "storm"
CLIENTS = depth(10, 20)
SENDS = depth(50, 200)
#: Sends that a client has unacknowledged at a time.
WINDOW = 8


class UnavailableError(Exception):
    """Storage does not answer; the client must repeat what it sent (S7)."""


#: What a client takes for a cut.
DISCONNECTION_ERRORS = (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, EOFError, UnavailableError)


class OutboxClient:
    """A client with an outbox; it keeps what it sent until it is acknowledged, and what it received on all connections.

    `next_port` returns the port to connect to next; `reachable` is set while connecting makes sense.
    """

    def __init__(self, number: int, next_port: Callable[[], int], reachable: asyncio.Event) -> None:
        self.name = f"client-{number}"
        self.view: list[Line] = []
        self.acked: dict[str, int] = {}
        self.joins = 0
        self._next_port = next_port
        self._reachable = reachable
        self._log: str | None = None
        self._unsent = deque(f"{self.name}:{n}" for n in range(SENDS))
        self._outbox: deque[str] = deque()

    @property
    def seq(self) -> int:
        """The seq of the last entry that it has received."""
        return int(self.view[-1]["seq"]) if self.view else 0

    async def run(self) -> None:
        """Connect again and again, until everything is sent and every entry received."""
        while not self._done():
            await self._reachable.wait()
            query = {"token": "t", "name": self.name, "after": self.seq, "log": self._log}
            try:
                socket = await connect(Address(self._next_port()), path(ITEM, query), subprotocols=[PROTOCOL])
            except DISCONNECTION_ERRORS:
                continue
            try:
                await self._converse(socket)
            except DISCONNECTION_ERRORS:
                continue
            finally:
                socket.transport.abort()
                await socket.wait_closed()

    def _done(self) -> bool:
        return self.seq == CLIENTS * SENDS and not self._outbox and not self._unsent

    async def _converse(self, socket: ClientConnection) -> None:
        """Resend everything unacknowledged, in order; then send more and read."""
        self.joins += 1
        await self._send(socket, *self._outbox)
        while not self._done():
            new_lines = []
            while self._unsent and len(self._outbox) < WINDOW:
                new_lines.append(self._unsent.popleft())
                self._outbox.append(new_lines[-1])
            await self._send(socket, *new_lines)
            frame = await socket.recv()
            assert isinstance(frame, str)
            for text in frame.split("\n"):
                self._take(json.loads(text))

    async def _send(self, socket: ClientConnection, *ids: str) -> None:
        for id_ in ids:
            await socket.send(json.dumps({"type": "send", "id": id_, "body": id_}))

    def _take(self, line: Line) -> None:
        match line["type"]:
            case "hello":
                assert not line["reset"], line
                assert self._log in (None, line["log"])
                self._log = line["log"]
            case "entry":
                assert line["seq"] == self.seq + 1, f"{self.name} is at {self.seq}, and gets {line}"
                self.view.append(line)
            case "ack":
                assert self.acked.setdefault(line["id"], line["seq"]) == line["seq"]
                # Acknowledged twice where it was sent twice.
                if line["id"] in self._outbox:
                    self._outbox.remove(line["id"])
            case "error" if line["code"] == "unavailable":
                raise UnavailableError
            case "gap" | "error":
                raise AssertionError(f"{self.name} gets {line}")


def check_logs(log: list[Line], clients: list[OutboxClient]) -> None:
    """Check that the log has every send once, in order, and that every client has exactly its entries."""
    sent_bodies = [f"client-{number}:{n}" for number in range(CLIENTS) for n in range(SENDS)]
    by_sender = sorted(log, key=lambda entry: int(entry["by"]["name"].removeprefix("client-")))
    assert [entry["body"] for entry in by_sender] == sent_bodies, "none lost, none doubled, each sender's in order"
    assert [entry["seq"] for entry in log] == [*range(1, CLIENTS * SENDS + 1)]
    seqs = {entry["id"]: entry["seq"] for entry in log}
    for client in clients:
        assert client.view == log
        assert client.acked == {id_: seq for id_, seq in seqs.items() if id_.startswith(f"{client.name}:")}
