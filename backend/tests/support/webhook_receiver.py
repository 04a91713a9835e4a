"""An application that takes webhooks: verifies each request, keeps it, and answers as the test says."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from alcove import verify_webhook
from deploy.ports import free_port

WEBHOOK_SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXM="
#: Seconds that a test waits for what must arrive.
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Received:
    """A request: its id, its event, and when it arrived (ms since the epoch)."""

    id: str
    event: dict[str, Any]
    at: float

    @property
    def item(self) -> str:
        """The item of the entry."""
        item: str = self.event["data"]["item"]
        return item

    @property
    def entry(self) -> dict[str, Any]:
        """The entry."""
        entry: dict[str, Any] = self.event["data"]["entry"]
        return entry


class Receiver:
    """Listens on a free port, which it keeps when it is stopped and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        #: Everything that was answered with 2xx, in the order of arrival; and everything else.
        self.accepted: list[Received] = []
        self.refused: list[Received] = []
        #: Returns the status of the response, and the head of it after the status line; may be replaced by a test.
        self.respond: Callable[[Received], int | str] = lambda _: 204
        self._server: asyncio.Server | None = None
        self._news = asyncio.Condition()
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def env(self) -> dict[str, str]:
        """The settings of a server that sends here."""
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
        async with asyncio.timeout(_TIMEOUT_S), self._news:
            await self._news.wait_for(condition)

    async def entries(self, count: int, item: str | None = None) -> list[Received]:
        """Wait for `count` accepted requests, of one item if it is given, and return them."""

        def accepted() -> list[Received]:
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
                received = Received(
                    headers["webhook-id"], verify_webhook(body, headers, WEBHOOK_SECRET), time.time() * 1000
                )
                response = self.respond(received)
                status = response if isinstance(response, int) else 200
                head_end = "content-length: 0\r\n\r\n" if isinstance(response, int) else response
                async with self._news:
                    (self.accepted if 200 <= status < 300 else self.refused).append(received)
                    self._news.notify_all()
                writer.write(f"HTTP/1.1 {status} Answer\r\n{head_end}".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()
