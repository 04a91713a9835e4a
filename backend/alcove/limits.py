"""What a process allows (L), and how often a member or an address may do something: token buckets (L2)."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil, inf
from typing import Generic, NamedTuple, TypeVar

from alcove.observability.metrics import LIMITS

#: Seconds of continuous excess after which a connection is closed.
EXCESS_S = 10.0
#: Seconds without an untimely send that end an excess.
_CALM_S = 1.0
#: A whole send; a hair less, so that who waits as long as told is not refused for what floats round off.
_ONE = 1 - 1e-6
#: KeyedLimiter that a table keeps by default.
MAX_KEYS = 50_000
#: Idle rates that are forgotten with each new one, so that a table shrinks again after a rush.
_FORGET = 2

Key = TypeVar("Key", bound=Hashable)


class Budget(NamedTuple):
    """The work of one connection in one turn of the event loop; the rest waits for later turns (L6)."""

    #: Frames, or lines of one frame.
    frames: int = 32
    #: Bytes, beyond which no further frame or line is begun.
    size: int = 64 * 1024
    #: Pings, pongs and empty fragments that a peer may send in 10 s.
    control_frames: int = 600


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What this process allows (L): connections in all and per member and item, waiting sends, tails in memory."""

    connections: int = 20_000
    member_connections: int = 20
    waiting: int = 10_000
    #: Members whose send rates are kept, one for each item they send to (L2).
    rates: int = MAX_KEYS
    #: Seconds over which connections come back after a restart (Z1).
    drain_s: float = 5.0
    tail_entries: int = 256
    tail_bytes: int = 256 * 1024
    #: Of one connection's input, per turn of the event loop (L6).
    budget: Budget = Budget()  # noqa: RUF009 - a tuple: it cannot change


class TokenBucket:
    """A token bucket: `per_s` a second, `burst` at once; `per_s` 0: unlimited. It has no clock: times are passed in."""

    __slots__ = ("_burst", "_per_s", "_seen", "_tokens")

    def __init__(self, per_s: float, burst: int, now: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._tokens = float(burst)
        self._seen = now

    def take(self, now: float) -> int:
        """Take one at `now` (seconds); return 0 if it is granted, else the milliseconds until one would be."""
        if not self._per_s:
            return 0
        self._tokens = self._left(now)
        self._seen = now
        if self._tokens >= _ONE:
            self._tokens -= 1
            return 0
        return self._wait_ms(self._tokens)

    def wait(self, now: float) -> int:
        """Return the milliseconds until one would be granted, 0 for at once; take nothing."""
        tokens = self._left(now)
        return 0 if not self._per_s or tokens >= _ONE else self._wait_ms(tokens)

    def idle(self, now: float) -> bool:
        """Return whether a new rate would grant as much as this one."""
        return self._left(now) >= self._burst

    def _left(self, now: float) -> float:
        return min(self._burst, self._tokens + (now - self._seen) * self._per_s)

    def _wait_ms(self, tokens: float) -> int:
        return max(1, ceil((1 - tokens) / self._per_s * 1000))


class Excess:
    """Tells whether one connection goes on sending although it is told to wait (L2).

    The rate belongs to the member, so a connection that waits as told may be refused again because of another one;
    only a connection that sends before its `retry_ms` is over is in excess.
    """

    __slots__ = ("_refused_at", "_retry_at", "_since")

    def __init__(self) -> None:
        self._since = -inf
        self._refused_at = -inf
        self._retry_at = -inf

    def refused(self, now: float, retry_ms: int) -> bool:
        """Record a refusal at `now` (seconds); return whether the excess has gone on for too long."""
        if now < self._retry_at:
            if now - self._refused_at > _CALM_S:
                self._since = now
            self._refused_at = now
        self._retry_at = now + retry_ms / 1000
        return self._refused_at - self._since > EXCESS_S


class KeyedLimiter(Generic[Key]):
    """A `TokenBucket` for each key, the latest `size` of them; `per_s` 0: unlimited, and nothing is kept."""

    def __init__(self, per_s: float, burst: int, *, size: int = MAX_KEYS, limit: str | None = None) -> None:
        """`limit` is the label of the metric that counts rates which were forgotten although they were in use."""
        self._per_s = per_s
        self._burst = burst
        self._size = size
        self._limit = limit
        self._rates: OrderedDict[Key, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rates)

    def __contains__(self, key: Key) -> bool:
        return key in self._rates

    def take(self, key: Key, now: float) -> int:
        """Take one of the key's rate; return 0 if it is granted, else the milliseconds until one would be."""
        if not self._per_s:
            return 0
        rate = self._rates.get(key)
        if rate is None:
            self._make_room(now)
            rate = self._rates[key] = TokenBucket(self._per_s, self._burst, now)
        else:
            self._rates.move_to_end(key)
        return rate.take(now)

    def wait(self, key: Key, now: float) -> int:
        """Return the milliseconds until one would be granted, 0 for at once; take nothing."""
        rate = self._rates.get(key)
        return 0 if rate is None else rate.wait(now)

    def _make_room(self, now: float) -> None:
        """Forget the oldest rates: idle ones, and any beyond the bound."""
        for _ in range(_FORGET):
            if not self._rates:
                return
            oldest = next(iter(self._rates.values()))
            idle = oldest.idle(now)
            if not idle and len(self._rates) < self._size:
                return
            if not idle and self._limit is not None:
                LIMITS.labels(self._limit).inc()
            self._rates.popitem(last=False)
