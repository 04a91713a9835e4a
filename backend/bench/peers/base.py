"""What the bench needs to know of a server to run it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bench.plan import Dialect

BACKEND = Path(__file__).parents[2]


class UnavailableError(Exception):
    """The machine cannot run the peer; the message says what it lacks."""


class Peer(Protocol):
    """A server that the bench can run."""

    #: What it is called in tables and on the command line.
    name: str
    #: Whether entries are on disk before anyone sees them.
    durable: bool
    #: Whether it knows rooms; else everyone hears everything.
    has_rooms: bool
    dialect: Dialect

    def prepare(self) -> str:
        """Install what it lacks, and return its version. Raises UnavailableError."""
        ...

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """The command that serves on 127.0.0.1:`port` and keeps its files in `folder`."""
        ...

    def env(self, folder: Path) -> Mapping[str, str]:
        """What its environment has besides the bench's own."""
        ...
