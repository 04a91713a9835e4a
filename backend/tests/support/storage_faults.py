"""Cause faults in a running server's storage: a lock of another program, or a full disk."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.servers import Server


@contextmanager
def write_lock(path: Path) -> Iterator[None]:
    """Hold the write lock of the file while the block runs, so that other writers wait."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


@contextmanager
def disk_full(server: Server) -> Iterator[None]:
    """Limit the server's file sizes to zero while the block runs, as a full disk does."""
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (soft, hard))
