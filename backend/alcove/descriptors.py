"""Raise the limit of open files, and keep file descriptors in reserve for database connections."""

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

logger = logging.getLogger(__name__)
_exhausted_warning = RepeatedWarning(logger, "out of file descriptors (the limit is %s): %s")

#: Descriptors that a process needs in addition to its connections: files, the log, the bus, requests over HTTP.
BASE_DESCRIPTORS = 200
#: Maximum descriptors in the reserve.
_RESERVED = 64
#: The reserve is at most the limit of open files divided by this.
_RESERVE_DIVISOR = 4
#: No reserve is kept if the limit is more than this many times the need. Its descriptors have the highest numbers below
#: the limit, so that the kernel's table of descriptors would become as large as the limit.
_AMPLE_FACTOR = 4


class DescriptorReserve:
    """File descriptors that sockets cannot take; they are freed while a database connection is opened.

    The reserved numbers are the highest below the limit. A socket that gets one of them while they are free is closed
    at once (`must_refuse`).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: The descriptors that are occupied now.
        self._occupied: list[int] = []
        #: The number of descriptors in the reserve, and the lowest of them; None: there is no reserve.
        self._count = 0
        self._first: int | None = None
        #: The number of blocks of `lend` that run now.
        self._lending = 0

    def hold(self, limit: int) -> None:
        """Occupy the highest descriptors below `limit`: at most 64, and at most a quarter of the limit."""
        self._count = min(_RESERVED, limit // _RESERVE_DIVISOR)
        self._first = limit - self._count
        self._occupy()

    def release(self) -> None:
        """Free the descriptors, and do not occupy them again."""
        with self._lock:
            self._first = None
            self._free()

    @contextmanager
    def lend(self) -> Iterator[None]:
        """Free the descriptors while the block runs, for a database connection. Thread-safe; blocks may overlap."""
        with self._lock:
            self._lending += 1
            self._free()
        try:
            yield
        finally:
            with self._lock:
                self._lending -= 1
            self._occupy()

    def covers(self, descriptor: int) -> bool:
        """Return whether a descriptor number lies in the reserved range, occupied or not."""
        return self._first is not None and descriptor >= self._first

    def _occupy(self) -> None:
        """Occupy the reserved descriptors that are free, unless a block of `lend` runs."""
        with self._lock:
            if self._first is None or self._lending:
                return
            with suppress(OSError):  # a database connection may still use one of them
                while len(self._occupied) < self._count:
                    # A duplicate of stdin: opening a file could take the last free descriptor.
                    self._occupied.append(fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, self._first))

    def _free(self) -> None:
        """Close the descriptors that the reserve occupies; the caller holds the lock."""
        while self._occupied:
            os.close(self._occupied.pop())


#: The reserve of this process: descriptors are a resource of the process.
reserve = DescriptorReserve()


def must_refuse(descriptor: int) -> bool:
    """Return whether a new socket got a descriptor of the reserve and must be closed; warn at most once a minute."""
    if not reserve.covers(descriptor):
        return False
    _exhausted_warning(resource.getrlimit(resource.RLIMIT_NOFILE)[0], "a new connection is refused")
    return True


@contextmanager
def provide_descriptors(connections: int) -> Iterator[None]:
    """Raise the soft limit of open files, warn if it is still too low, and keep the reserve while the block runs.

    Args:
        connections: The maximum number of connections, from the settings.

    """
    needed = connections + BASE_DESCRIPTORS
    limit = _raise_limit()
    if limit is not None and limit < needed:
        logger.warning(
            "this process may open %d files, which is less than ALCOVE_CONNECTIONS=%d and %d others:"
            " raise the limit (ulimit -n, LimitNOFILE) to %d, or lower ALCOVE_CONNECTIONS",
            limit,
            connections,
            BASE_DESCRIPTORS,
            needed,
        )
    if limit is not None and limit <= _AMPLE_FACTOR * needed:
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
    """Raise the soft limit of open files to the hard limit, and return it; None if there is no limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # some systems have a lower limit than they report
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handle an error of the event loop: log a lack of descriptors at most once a minute, pass on all others.

    Without this, the loop would log every second, with a traceback, that `accept` found no free descriptor.
    """
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        _exhausted_warning(resource.getrlimit(resource.RLIMIT_NOFILE)[0], error)
    else:
        loop.default_exception_handler(context)
