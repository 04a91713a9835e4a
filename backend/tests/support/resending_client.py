"""Run clients that reconnect and resend until all sends are acknowledged, and check every line (S3, S5, R3, D3)."""

import asyncio
import json
from collections import deque
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.support.clients import connect
from tests.support.room_client import PROTOCOL, Line, socket_path
from tests.support.servers import Address
from tests.support.storm import depth

ITEM = "storm"
CLIENT_COUNT = depth(10, 20)
#: The number of sends of each client.
SEND_COUNT = depth(50, 200)
#: The maximum number of unacknowledged sends of a client.
WINDOW = 8


class UnavailableError(Exception):
    """Storage does not answer, so the client must repeat its sends (S7)."""


#: Errors after which a client reconnects.
DISCONNECTION_ERRORS = (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, EOFError, UnavailableError)


class OutboxClient:
    """A client that keeps each send until it is acknowledged, and the entries received on all its connections.

    `next_port` returns the port to connect to; `reachable` is set while a server can accept connections.
    """

    def __init__(self, number: int, next_port: Callable[[], int], reachable: asyncio.Event) -> None:
        self.name = f"client-{number}"
        self.view: list[Line] = []
        self.acked: dict[str, int] = {}
        self.joins = 0
        self._next_port = next_port
        self._reachable = reachable
        self._log: str | None = None
        self._unsent = deque(f"{self.name}:{n}" for n in range(SEND_COUNT))
        self._outbox: deque[str] = deque()

    @property
    def seq(self) -> int:
        """The seq of the last entry that the client received."""
        return int(self.view[-1]["seq"]) if self.view else 0

    async def run(self) -> None:
        """Connect repeatedly, until every send is acknowledged and every entry received."""
        while not self._is_done():
            await self._reachable.wait()
            query = {"token": "t", "name": self.name, "after": self.seq, "log": self._log}
            try:
                socket = await connect(Address(self._next_port()), socket_path(ITEM, query), subprotocols=[PROTOCOL])
            except DISCONNECTION_ERRORS:
                continue
            try:
                await self._run_connection(socket)
            except DISCONNECTION_ERRORS:
                continue
            finally:
                socket.transport.abort()
                await socket.wait_closed()

    def _is_done(self) -> bool:
        return self.seq == CLIENT_COUNT * SEND_COUNT and not self._outbox and not self._unsent

    async def _run_connection(self, socket: ClientConnection) -> None:
        """Resend all unacknowledged sends, in order; then send more and read."""
        self.joins += 1
        await self._send(socket, *self._outbox)
        while not self._is_done():
            new_ids = []
            while self._unsent and len(self._outbox) < WINDOW:
                new_ids.append(self._unsent.popleft())
                self._outbox.append(new_ids[-1])
            await self._send(socket, *new_ids)
            frame = await socket.recv()
            assert isinstance(frame, str)
            for text in frame.split("\n"):
                self._on_line(json.loads(text))

    async def _send(self, socket: ClientConnection, *ids: str) -> None:
        for id_ in ids:
            await socket.send(json.dumps({"type": "send", "id": id_, "body": id_}))

    def _on_line(self, line: Line) -> None:
        match line["type"]:
            case "hello":
                assert not line["reset"], line
                assert self._log in (None, line["log"])
                self._log = line["log"]
            case "entry":
                assert line["seq"] == self.seq + 1, f"{self.name} expected seq {self.seq + 1}, got {line}"
                self.view.append(line)
            case "ack":
                assert self.acked.setdefault(line["id"], line["seq"]) == line["seq"]
                # A send that was repeated is acknowledged repeatedly.
                if line["id"] in self._outbox:
                    self._outbox.remove(line["id"])
            case "error" if line["code"] == "unavailable":
                raise UnavailableError
            case "gap" | "error":
                raise AssertionError(f"{self.name} expected no gap or error, got {line}")


def assert_logs_match(log: list[Line], clients: list[OutboxClient]) -> None:
    """Assert that the log has every send once, in order, and that every client received exactly its entries."""
    sent_bodies = [f"client-{number}:{n}" for number in range(CLIENT_COUNT) for n in range(SEND_COUNT)]
    by_sender = sorted(log, key=lambda entry: int(entry["by"]["name"].removeprefix("client-")))
    assert [entry["body"] for entry in by_sender] == sent_bodies, "expected each send once, in the sender's order"
    assert [entry["seq"] for entry in log] == [*range(1, CLIENT_COUNT * SEND_COUNT + 1)]
    seqs = {entry["id"]: entry["seq"] for entry in log}
    for client in clients:
        assert client.view == log
        assert client.acked == {id_: seq for id_, seq in seqs.items() if id_.startswith(f"{client.name}:")}
