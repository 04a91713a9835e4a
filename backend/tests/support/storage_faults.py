"""Cause faults in the storage of a running server, by a lock of another program or a full disk."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.servers import Server


@contextmanager
def hold_write_lock(path: Path) -> Iterator[None]:
    """Hold the write lock of a SQLite file while the block runs, so that other writers wait."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


@contextmanager
def fill_disk(server: Server) -> Iterator[None]:
    """Let every write of the server fail while the block runs, by a maximum file size of zero."""
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (soft, hard))
