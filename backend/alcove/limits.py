"""Define the limits of a process, of lists of rooms and of the log, with the default values of their settings."""

from dataclasses import dataclass
from typing import NamedTuple

#: Default of the number of rate limiters that a process keeps.
MAX_RATE_LIMITERS = 50_000
#: Default of the number of bans that are in force at the same time.
MAX_BANS = 100_000
#: Default of the number of connections of one process to a PostgreSQL log.
DATABASE_CONNECTIONS = 8
_DAY_MS = 86_400_000


class Budget(NamedTuple):
    """The input that one connection may have processed in one turn of the event loop; the rest waits (L6)."""

    #: Frames; the lines of a frame that has several count like frames.
    frames: int = 64
    #: Number of bytes after which no further frame or line is begun.
    size: int = 64 * 1024
    #: Pings, pongs and empty fragments that a client may send in 10 s.
    control_frames: int = 600


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """The limits of one server process (L). The settings set them."""

    #: Connections to all items together (L3).
    connections: int = 20_000
    #: Connections of one member to one item (L3).
    member_connections: int = 20
    #: Sends that wait for storage (L4).
    waiting_sends: int = 10_000
    #: Rate limiters of sends in memory, one for each member and item (L2).
    rate_limiters: int = MAX_RATE_LIMITERS
    #: Seconds over which clients reconnect after a restart (Z1).
    drain_s: float = 5
    #: Entries of a room that are kept in memory.
    tail_entries: int = 256
    #: Bytes of a room's entries that are kept in memory.
    tail_bytes: int = 256 * 1024
    #: Changed rooms not yet sent to one client that follows the list of rooms (W10).
    list_pending: int = 1000
    #: Changed rooms that are collected for the lists of rooms, and whose heads are remembered (W10).
    list_changes: int = 10_000
    #: Rooms that are not in memory and whose last entry is remembered (X8).
    closed_rooms: int = 10_000
    #: The input of one connection per turn of the event loop (L6).
    budget: Budget = Budget()  # noqa: RUF009 - a tuple: it cannot change


@dataclass(frozen=True, slots=True)
class ListLimits:
    """Limits of lists of rooms (W4)."""

    #: Seconds that one list may take.
    seconds: float = 2
    #: Lists that may wait while another one is read.
    waiting_lists: int = 100


@dataclass(frozen=True, slots=True)
class Retention:
    """How many entries of a room are kept, and how long (L5)."""

    #: The number of latest entries that are kept; None: all.
    entries: int | None = None
    #: Days that an entry is kept; None: for ever.
    days: float | None = None
    #: Days that the id of an entry is kept beyond `days`, to recognize a repeated send (S5).
    ids_days: float = 7

    def cutoff(self, now_ms: int) -> int | None:
        """Return the time in ms since the epoch before which entries are removed; None if they do not expire."""
        return None if self.days is None else now_ms - int(self.days * _DAY_MS)

    def ids_cutoff(self, now_ms: int) -> int:
        """Return the time in ms since the epoch before which the ids of removed entries are deleted."""
        return now_ms - int((self.ids_days + (self.days or 0)) * _DAY_MS)
