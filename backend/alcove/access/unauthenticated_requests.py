"""Bound the requests of an address that are in progress and not authenticated yet (L)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from alcove.errors import Close, Code, Refusal
from alcove.observability.metrics import LIMITS

#: After which time a refused client may try again, in ms.
_RETRY_MS = 1000


class PendingRequest:
    """One request that is counted until it is authenticated or finished."""

    __slots__ = ("_address", "_counts")

    def __init__(self, counts: Counter[str], address: str) -> None:
        self._counts = counts
        self._address: str | None = address
        counts[address] += 1

    def mark_authenticated(self) -> None:
        """Stop counting the request; a second call does nothing."""
        address, self._address = self._address, None
        if address is not None:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]


class UnauthenticatedRequests:
    """Counts the requests in progress of each address that are not authenticated."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts = Counter[str]()

    def __len__(self) -> int:
        return self._counts.total()

    def is_full(self, address: str) -> bool:
        """Return whether the address has reached the limit."""
        return self._counts[address] >= self._limit

    @contextmanager
    def count(self, address: str, *, exempt: bool = False) -> Iterator[PendingRequest]:
        """Count a request of the address while the block runs.

        Args:
            address: Where the request comes from.
            exempt: Count the request, but do not refuse it.

        Raises:
            Refusal: 4429 if the address has reached the limit.

        """
        if not exempt and self.is_full(address):
            LIMITS.labels("unauthenticated").inc()
            message = "too many requests in progress from your address without a valid credential"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, _RETRY_MS)
        pending = PendingRequest(self._counts, address)
        try:
            yield pending
        finally:
            pending.mark_authenticated()
