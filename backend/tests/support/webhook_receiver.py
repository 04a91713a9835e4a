"""Run an application that receives webhooks, verifies and records each request, and answers as the test requires."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from alcove import verify_webhook
from deploy.ports import free_port

WEBHOOK_SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXM="
#: Seconds after which a test gives up waiting for a request.
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Delivery:
    """A received request."""

    id: str
    event: dict[str, Any]
    #: The time of arrival, in ms since the epoch.
    received_ms: float

    @property
    def item(self) -> str:
        """The item of the entry."""
        item: str = self.event["data"]["item"]
        return item

    @property
    def entry(self) -> dict[str, Any]:
        """The delivered entry."""
        entry: dict[str, Any] = self.event["data"]["entry"]
        return entry


class Receiver:
    """A server on a free port, which stays the same when it is stopped and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        #: The requests answered with 2xx, in order of arrival.
        self.accepted: list[Delivery] = []
        #: The other requests.
        self.refused: list[Delivery] = []
        #: Returns the status of the response, or for a response with 200 the rest of its head. Tests may replace it.
        self.respond: Callable[[Delivery], int | str] = lambda _: 204
        self._server: asyncio.Server | None = None
        self._deliveries_changed = asyncio.Condition()
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The URL to which servers send webhooks."""
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def env(self) -> dict[str, str]:
        """The settings of a server that sends webhooks here."""
        return {"ALCOVE_WEBHOOK_URL": self.url, "ALCOVE_WEBHOOK_SECRET": WEBHOOK_SECRET}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Stop listening, and abort every connection."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._connections):
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition is true; check it after each request."""
        async with asyncio.timeout(_TIMEOUT_S), self._deliveries_changed:
            await self._deliveries_changed.wait_for(condition)

    async def wait_for_entries(self, count: int, item: str | None = None) -> list[Delivery]:
        """Wait for at least `count` accepted requests, only for `item` if it is given, and return them."""

        def accepted() -> list[Delivery]:
            return [delivery for delivery in self.accepted if item in {None, delivery.item}]

        await self.wait_for(lambda: len(accepted()) >= count)
        return accepted()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in head[1:] if line}
                body = await reader.readexactly(int(headers["content-length"]))
                delivery = Delivery(
                    headers["webhook-id"], verify_webhook(body, headers, WEBHOOK_SECRET), time.time() * 1000
                )
                response = self.respond(delivery)
                status = response if isinstance(response, int) else 200
                head_end = "content-length: 0\r\n\r\n" if isinstance(response, int) else response
                async with self._deliveries_changed:
                    (self.accepted if 200 <= status < 300 else self.refused).append(delivery)
                    self._deliveries_changed.notify_all()
                writer.write(f"HTTP/1.1 {status} Answer\r\n{head_end}".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()
