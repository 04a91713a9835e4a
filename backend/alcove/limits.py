"""What a process allows (L), and how fast one connection may send (L2): a token bucket without a clock of its own."""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil, inf

#: Seconds of continuous excess after which a connection is closed.
EXCESS_S = 10.0
#: Seconds without an untimely send that end an excess.
_CALM_S = 1.0
#: A whole send; a hair less, so that who waits as long as told is not refused for what floats round off.
_ONE = 1 - 1e-6
#: Addresses that are remembered at most, the latest.
_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What this process allows (L): connections in all and per member and item, waiting sends, tails in memory."""

    connections: int = 20_000
    member_connections: int = 20
    waiting: int = 10_000
    #: Seconds over which connections come back after a restart (Z1).
    drain_s: float = 5.0
    tail_entries: int = 256
    tail_bytes: int = 256 * 1024


class Rate:
    """`per_s` sends a second, `burst` at once; `per_s` 0: unlimited."""

    __slots__ = ("_burst", "_excess_since", "_per_s", "_refused_at", "_retry_at", "_seen", "_tokens")

    def __init__(self, per_s: float, burst: int, now: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._tokens = float(burst)
        self._seen = now
        self._excess_since = now
        self._refused_at = -inf
        self._retry_at = -inf

    def take(self, now: float) -> int:
        """Take one send at `now` (seconds): 0 where it is granted, else ms until the next would be."""
        if not self._per_s:
            return 0
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._per_s)
        self._seen = now
        if self._tokens >= _ONE:
            self._tokens -= 1
            return 0
        # Excess is to send although told to wait; who waits as told may be refused again and again.
        if now < self._retry_at:
            if now - self._refused_at > _CALM_S:
                self._excess_since = now
            self._refused_at = now
        retry_ms = max(1, ceil((1 - self._tokens) / self._per_s * 1000))
        self._retry_at = now + retry_ms / 1000
        return retry_ms

    def wait(self, now: float) -> int:
        """Milliseconds until a send would be granted; 0: at once. Takes nothing."""
        tokens = min(self._burst, self._tokens + (now - self._seen) * self._per_s)
        return 0 if not self._per_s or tokens >= _ONE else max(1, ceil((1 - tokens) / self._per_s * 1000))

    def excessive(self) -> bool:
        """Whether untimely sends have gone on for too long."""
        return self._refused_at - self._excess_since > EXCESS_S


class Allowances:
    """A rate for each address (see `Rate`); `per_s` 0: unlimited."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._rates: OrderedDict[str, Rate] = OrderedDict()

    def take(self, address: str, now: float) -> int:
        """Take one of the address's allowance: 0 where it is granted, else ms until the next would be."""
        if not self._per_s:
            return 0
        rate = self._rates.pop(address, None) or Rate(self._per_s, self._burst, now)
        self._rates[address] = rate
        if len(self._rates) > _ADDRESSES:
            self._rates.popitem(last=False)
        return rate.take(now)

    def wait(self, address: str, now: float) -> int:
        """Milliseconds until one would be granted; 0: at once. Takes nothing."""
        rate = self._rates.get(address)
        return 0 if rate is None else rate.wait(now)
