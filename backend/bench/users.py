"""Simulate users who stay in a room while servers restart: they send, read, and reconnect after `retry_ms` (C, Z1)."""

import asyncio
import json
import time
from collections import deque
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

_PROTOCOL = Subprotocol("alcove.v1")
#: Seconds after which a user whose connection was lost or refused tries again.
_RETRY_S = 0.5
#: Errors that end a connection without a `bye`.
CONNECTION_ERRORS = (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, EOFError)


class User:
    """A user, with the `faults` that a person would notice and the figures of reconnections."""

    def __init__(self, number: int, port: int, item: str) -> None:
        self.name = f"user-{number}"
        self.head = 0
        self.acked: dict[str, int] = {}
        self.unacked: deque[str] = deque()
        self.faults: list[str] = []
        #: The times at which servers sent `bye`, in seconds of the monotonic clock.
        self.bye_times: list[float] = []
        #: The times of the next `hello` after each.
        self.return_times: list[float] = []
        #: The number of failed attempts to connect.
        self.refused = 0
        self._url = f"ws://127.0.0.1:{port}/items/{item}/ws?token=t&name={self.name}"
        self._log = ""
        self._sent = 0
        self._wait_s = 0.0

    async def stay(self, pause_s: float, stop_sending: asyncio.Event) -> None:
        """Stay in the room forever; send an entry every `pause_s` seconds until `stop_sending` is set."""
        while True:
            await asyncio.sleep(self._wait_s)
            self._wait_s = _RETRY_S
            resume = f"&after={self.head}&log={self._log}" if self._log else ""
            try:
                async with connect(
                    self._url + resume, subprotocols=[_PROTOCOL], compression=None, proxy=None, max_queue=None
                ) as socket:
                    await self._run_session(socket, pause_s, stop_sending)
            except CONNECTION_ERRORS as error:
                self.refused += not isinstance(error, ConnectionClosed)

    async def _run_session(self, socket: ClientConnection, pause_s: float, stop_sending: asyncio.Event) -> None:
        for id_ in self.unacked:
            await self._send(socket, id_)
        send_task = asyncio.create_task(self._send_regularly(socket, pause_s, stop_sending))
        try:
            async for frame in socket:
                for text in str(frame).split("\n"):
                    self._on_line(json.loads(text))
        finally:
            send_task.cancel()

    async def _send_regularly(self, socket: ClientConnection, pause_s: float, stop_sending: asyncio.Event) -> None:
        """Send an entry every `pause_s` seconds until `stop_sending` is set."""
        while not stop_sending.is_set():
            self._sent += 1
            self.unacked.append(f"{self.name}:{self._sent}")
            await self._send(socket, self.unacked[-1])
            await asyncio.sleep(pause_s)

    async def _send(self, socket: ClientConnection, id_: str) -> None:
        await socket.send(json.dumps({"type": "send", "id": id_, "body": id_}))

    def _on_line(self, line: dict[str, Any]) -> None:  # Any: what JSON holds
        match line["type"]:
            case "hello":
                self._on_hello(line)
            case "entry":
                if self._log and line["seq"] > self.head + 1:
                    self.faults.append(f"{self.name} expected seq {self.head + 1}, got {line['seq']}")
                self.head = max(self.head, line["seq"])
            case "ack":
                self.acked[line["id"]] = line["seq"]
                if line["id"] in self.unacked:
                    self.unacked.remove(line["id"])
            case "bye":
                self.bye_times.append(time.monotonic())
                self._wait_s = line["retry_ms"] / 1000
            case "error" if "id" not in line:
                self.refused += 1
            case "error" | "gap":
                self.faults.append(f"{self.name} expected no gap or error, got {line}")

    def _on_hello(self, hello: dict[str, Any]) -> None:  # Any: what JSON holds
        if hello["reset"]:
            self.faults.append(f"{self.name} expected no reset, got one")
        if not self._log:
            self.head = hello["head"]
        self._log = hello["log"]
        if len(self.return_times) < len(self.bye_times):
            self.return_times.append(time.monotonic())
