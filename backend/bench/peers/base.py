"""The interface of a server that the bench can run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from bench.plan import Dialect

BACKEND = Path(__file__).parents[2]


class UnavailableError(Exception):
    """The peer cannot run on this machine; the message says what is missing."""


class Peer(Protocol):
    """A server that the bench can run."""

    #: The name in tables and on the command line.
    name: str
    #: Whether entries are on disk before they are delivered.
    durable: bool
    #: Whether it has rooms; else every connection gets every entry.
    has_rooms: bool
    dialect: Dialect

    def prepare(self) -> str:
        """Install what is missing, and return the version. Raises UnavailableError."""
        ...

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """Return the command that serves on 127.0.0.1:`port` and keeps its files in `folder`."""
        ...

    def env(self, folder: Path) -> Mapping[str, str]:
        """Return the variables to add to the bench's environment."""
        ...
