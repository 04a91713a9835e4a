"""Limit the requests in progress of one address that are not authenticated yet (L)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from alcove.errors import Close, Code, Refusal
from alcove.observability.metrics import LIMITS

#: Milliseconds after which a refused client may try again.
_RETRY_MS = 1000


class PendingRequest:
    """One request that is counted against its address until it is authenticated or finished."""

    __slots__ = ("_address", "_counts")

    def __init__(self, counts: Counter[str], address: str) -> None:
        """Count the request.

        Args:
            counts: The number of pending requests by address, which this object changes.
            address: The client's address.

        """
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
    """Counts the unauthenticated requests in progress of each address, and refuses those beyond a limit."""

    def __init__(self, limit: int) -> None:
        """Create a counter without requests; `limit` is the maximum per address."""
        self._limit = limit
        self._counts = Counter[str]()

    def __len__(self) -> int:
        return self._counts.total()

    def is_full(self, address: str) -> bool:
        """Return whether the address has reached the limit of unauthenticated requests in progress."""
        return self._counts[address] >= self._limit

    @contextmanager
    def count(self, address: str, *, exempt: bool = False) -> Iterator[PendingRequest]:
        """Count a request of the address until the block calls `mark_authenticated` or ends.

        Args:
            address: The client's address.
            exempt: Count the request, but never refuse it.

        Raises:
            Refusal: 4429 on entering, if the address has reached the limit.

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
