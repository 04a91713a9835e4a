"""Limit rates with token buckets, by member, address or credential (L2), and detect clients that ignore a limit.

Nothing here reads a clock: callers pass the current time `now` in seconds of a monotonic clock.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from math import ceil, inf
from typing import Generic, TypeVar

from alcove.limits import MAX_RATE_LIMITERS

#: Seconds of early sends after which a connection is closed.
EXCESS_S = 10.0
#: Seconds without an early send after which a series of them ends.
_CALM_S = 1.0
#: One whole token, minus a margin for rounding: a client that waits exactly `retry_ms` must not be refused again.
_WHOLE_TOKEN = 1 - 1e-6
#: Maximum number of full buckets that are dropped for each new one; two, so that the table shrinks after a peak.
_DROPS_PER_BUCKET = 2

Key = TypeVar("Key", bound=Hashable)


class TokenBucket:
    """A rate limiter that grants `per_s` tokens a second, and up to `burst` at once."""

    __slots__ = ("_burst", "_per_s", "_tokens", "_updated")

    def __init__(self, per_s: float, burst: int, now: float) -> None:
        """Create a full bucket.

        Args:
            per_s: Tokens that are added each second; 0: every request is granted.
            burst: The capacity.
            now: The current time in seconds.

        """
        self._per_s = per_s
        self._burst = burst
        self._tokens = float(burst)
        self._updated = now

    def __repr__(self) -> str:
        return f"<TokenBucket {self._tokens:.1f}/{self._burst} tokens at {self._updated:.3f}, {self._per_s:g}/s>"

    def take(self, now: float) -> int:
        """Take one token at `now` (seconds) if there is one.

        Returns:
            0 if a token was taken, else the milliseconds until one is available.

        """
        if not self._per_s:
            return 0
        self._tokens = self._tokens_at(now)
        self._updated = now
        if self._tokens >= _WHOLE_TOKEN:
            self._tokens -= 1
            return 0
        return self._ms_until_one(self._tokens)

    def wait_ms(self, now: float) -> int:
        """Return the milliseconds until a token is available, without taking one; 0: now."""
        tokens = self._tokens_at(now)
        return 0 if not self._per_s or tokens >= _WHOLE_TOKEN else self._ms_until_one(tokens)

    def is_full(self, now: float) -> bool:
        """Return whether no token is missing at `now` (seconds): a new bucket can then replace this one."""
        return self._tokens_at(now) >= self._burst

    def _tokens_at(self, now: float) -> float:
        """Compute the tokens in the bucket at `now` (seconds), at most `burst`."""
        return min(self._burst, self._tokens + (now - self._updated) * self._per_s)

    def _ms_until_one(self, tokens: float) -> int:
        """Compute the milliseconds until `tokens` (less than one) have grown to one token, at least 1."""
        return max(1, ceil((1 - tokens) / self._per_s * 1000))


class ExcessDetector:
    """Detects a connection that keeps sending before the `retry_ms` of its last refusal has passed (L2).

    The rate limit belongs to the member: a connection that waits may be refused again because of the member's other
    connections. Only early sends, which come before `retry_ms` has passed, count as excess.
    """

    __slots__ = ("_excess_since", "_last_early_at", "_retry_at")

    def __init__(self) -> None:
        """Create a detector for a connection that has not been refused yet."""
        #: When the present series of early sends began.
        self._excess_since = -inf
        #: When the last send came before its `retry_ms` had passed.
        self._last_early_at = -inf
        #: When the client may send again.
        self._retry_at = -inf

    def record_refusal(self, now: float, retry_ms: int) -> bool:
        """Record a refused send, and return whether the client has now ignored `retry_ms` for over ten seconds.

        Args:
            now: The time of the refusal in seconds.
            retry_ms: The milliseconds to wait that the refusal tells the client.

        """
        if now < self._retry_at:
            if now - self._last_early_at > _CALM_S:
                self._excess_since = now
            self._last_early_at = now
        self._retry_at = now + retry_ms / 1000
        # Before the first early send both are -inf: their difference is NaN, and the comparison False.
        return self._last_early_at - self._excess_since > EXCESS_S


class KeyedLimiter(Generic[Key]):
    """One TokenBucket per key, for the `size` keys used last.

    With `per_s` 0 the limiter grants every request and keeps no bucket.
    """

    def __init__(
        self, per_s: float, burst: int, *, size: int = MAX_RATE_LIMITERS, on_evicted: Callable[[], None] | None = None
    ) -> None:
        """Create a limiter without buckets.

        Args:
            per_s: Tokens that each key gets a second; 0: no limit.
            burst: Tokens that each key can have at once.
            size: The maximum number of buckets.
            on_evicted: Called for each bucket that is dropped before it is full, so that its key gets a new, full one.

        """
        self._per_s = per_s
        self._burst = burst
        self._size = size
        self._on_evicted = on_evicted
        #: The bucket used longest ago comes first.
        self._buckets: OrderedDict[Key, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def __contains__(self, key: Key) -> bool:
        return key in self._buckets

    def __repr__(self) -> str:
        return f"<KeyedLimiter {self._per_s:g}/s, burst {self._burst}: {len(self._buckets)} of {self._size} keys>"

    def take(self, key: Key, now: float) -> int:
        """Take one token of the key, creating its bucket if necessary.

        Args:
            key: The member, address or credential.
            now: The current time in seconds.

        Returns:
            0 if a token was taken, else the milliseconds until one is available.

        """
        if not self._per_s:
            return 0
        bucket = self._buckets.get(key)
        if bucket is None:
            self._drop_oldest(now)
            bucket = self._buckets[key] = TokenBucket(self._per_s, self._burst, now)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(now)

    def wait_ms(self, key: Key, now: float) -> int:
        """Return the milliseconds until the key has a token at `now` (seconds), without taking one; 0: now."""
        bucket = self._buckets.get(key)
        return 0 if bucket is None else bucket.wait_ms(now)

    def _drop_oldest(self, now: float) -> None:
        """Drop up to two of the least recently used buckets: full ones, and any that exceed `size`."""
        for _ in range(_DROPS_PER_BUCKET):
            if not self._buckets:
                return
            oldest = next(iter(self._buckets.values()))
            is_full = oldest.is_full(now)
            if not is_full and len(self._buckets) < self._size:
                return
            if not is_full and self._on_evicted is not None:
                self._on_evicted()
            self._buckets.popitem(last=False)
