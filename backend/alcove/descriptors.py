"""File descriptors: enough for the connections that the settings allow, and some kept for the database."""

import asyncio
import errno
import fcntl
import logging
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from alcove.repeated_warnings import RepeatedWarning

logger = logging.getLogger("alcove")
_exhausted = RepeatedWarning(logger, "out of file descriptors (the limit is %s): %s")

#: Descriptors that a process needs beside one for each connection: files, the log, the bus, requests over HTTP.
OTHERS = 200
#: Descriptors kept for the database, at most, and the share of the limit.
_RESERVED = 64
_SHARE = 4
#: A limit so many times what is needed takes no reserve; there, the kernel's table of descriptors would become large.
_FAR = 4


class DescriptorReserve:
    """Descriptors that are held, so that sockets do not take them, and lent to open a database connection.

    They are the last ones below the limit. A socket that gets one of them while they are lent is closed at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[int] = []
        self._count = 0
        self._first: int | None = None
        self._lent = 0

    def hold(self, limit: int) -> None:
        """Take the last descriptors below `limit`."""
        self._count = min(_RESERVED, limit // _SHARE)
        self._first = limit - self._count
        self._take()

    def release(self) -> None:
        """Give them up."""
        with self._lock:
            self._first = None
            self._drop()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Leave them to what the block opens. From any thread; several blocks may run at once."""
        with self._lock:
            self._lent += 1
            self._drop()
        try:
            yield
        finally:
            with self._lock:
                self._lent -= 1
            self._take()

    def covers(self, descriptor: int) -> bool:
        """Tell whether a descriptor is one of those that sockets must not take."""
        return self._first is not None and descriptor >= self._first

    def _take(self) -> None:
        with self._lock:
            if self._first is None or self._lent:
                return
            with suppress(OSError):  # a database connection may have stayed in one of them
                while len(self._held) < self._count:
                    # Of one that every process has, as none may be left to open another file.
                    self._held.append(fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, self._first))

    def _drop(self) -> None:
        while self._held:
            os.close(self._held.pop())


#: Descriptors belong to the process, and so does the reserve.
reserve = DescriptorReserve()


def refused(descriptor: int) -> bool:
    """Tell whether a new socket must be closed because only the reserve is left; that is logged once a minute."""
    if not reserve.covers(descriptor):
        return False
    _exhausted(resource.getrlimit(resource.RLIMIT_NOFILE)[0], "a new connection is refused")
    return True


@contextmanager
def provided(connections: int) -> Iterator[None]:
    """Raise the limit as far as this process may, warn where it is too low, and hold the reserve.

    Args:
        connections: How many connections the settings allow.

    """
    needed = connections + OTHERS
    limit = _raise_limit()
    if limit is not None and limit < needed:
        logger.warning(
            "this process may open %d files, which is less than ALCOVE_CONNECTIONS=%d and %d others:"
            " raise the limit (ulimit -n, LimitNOFILE) to %d, or lower ALCOVE_CONNECTIONS",
            limit,
            connections,
            OTHERS,
            needed,
        )
    if limit is not None and limit <= _FAR * needed:
        reserve.hold(limit)
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(_on_loop_error)
    try:
        yield
    finally:
        loop.set_exception_handler(before)
        reserve.release()


def _raise_limit() -> int | None:
    """Raise the soft limit to the hard one; return it, None where there is none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # some systems have a lower bound of their own
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what a full process cannot accept once a minute; the loop says it each second, with a traceback."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        _exhausted(resource.getrlimit(resource.RLIMIT_NOFILE)[0], error)
    else:
        loop.default_exception_handler(context)
