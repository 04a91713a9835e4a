"""Run a connection pooler in transaction mode, like pgbouncer, where each transaction uses any free session."""

import asyncio
import struct
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from tests.support.tcp_listener import TcpListener

_SSL_REQUEST = 80877103
_SERVER_PARAMETERS = {
    "server_version": "18.0",
    "client_encoding": "UTF8",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
    "in_hot_standby": "off",
    "default_transaction_read_only": "off",
}


@dataclass(eq=False)
class _Session:
    """A session of the database server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    #: The number of queries whose last message (ReadyForQuery) has not arrived.
    pending: int = 0


class TransactionPooler(TcpListener):
    """A pooler that listens on `port`, for a database server on port `target` that requires no password."""

    def __init__(self, target: int) -> None:
        super().__init__()
        self._target = target
        #: Sessions that no client uses; the last one used is taken first.
        self._free: list[_Session] = []
        self._sessions: list[_Session] = []

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        for session in self._sessions:
            session.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            startup = await _startup(reader, writer)
            reported = b"".join(
                _message(b"S", f"{name}\0{value}\0".encode()) for name, value in _SERVER_PARAMETERS.items()
            )
            # The id of no server process, because the clients of a pooler have none of their own.
            key = _message(b"K", struct.pack("!ii", 1, 1))
            writer.write(_message(b"R", struct.pack("!i", 0)) + reported + key + _message(b"Z", b"I"))
            await self._serve_queries(startup, reader, writer)
        writer.transport.abort()

    async def _serve_queries(self, startup: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward each message of a client to the session of its current transaction."""
        session: _Session | None = None
        answering: asyncio.Task[None] | None = None
        while (message := await _read(reader))[:1] != b"X":
            if session is None or answering is None or answering.done():
                session = self._free.pop() if self._free else await self._open(startup)
                answering = asyncio.create_task(self._answer(session, writer))
            session.pending += message[:1] in (b"Q", b"S")
            session.writer.write(message)

    async def _answer(self, session: _Session, writer: asyncio.StreamWriter) -> None:
        """Forward the responses of a session until its transaction has ended; then free the session."""
        while True:
            message = await _read(session.reader)
            finished = False
            if message[:1] == b"Z":
                session.pending -= 1
                finished = not session.pending and message[-1:] == b"I"
            if finished:
                self._free.append(session)
            writer.write(message)
            if finished:
                return

    async def _open(self, startup: bytes) -> _Session:
        """Open a session with the startup message of the client."""
        session = _Session(*await asyncio.open_connection("127.0.0.1", self._target))
        self._sessions.append(session)
        session.writer.write(startup)
        while (await _read(session.reader))[:1] != b"Z":
            pass
        return session


async def _startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Read the startup message of a client, and refuse TLS."""
    while True:
        head = await reader.readexactly(8)
        length, code = struct.unpack("!ii", head)
        rest = await reader.readexactly(length - 8)
        if code != _SSL_REQUEST:
            return head + rest
        writer.write(b"N")


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Read one message: type, length and content."""
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", len(content) + 4) + content
