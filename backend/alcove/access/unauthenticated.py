"""How many requests an address may have in progress before they are authenticated (L)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from alcove.errors import Close, Code, Refusal
from alcove.observability.metrics import LIMITS

#: When to come back, in ms.
_RETRY_MS = 1000


class Pending:
    """One request that is counted until it is authenticated, or over."""

    __slots__ = ("_address", "_counts")

    def __init__(self, counts: Counter[str], address: str) -> None:
        self._counts = counts
        self._address: str | None = address
        counts[address] += 1

    def authenticated(self) -> None:
        """Count the request no longer; a second time does nothing."""
        address, self._address = self._address, None
        if address is not None:
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]


class Unauthenticated:
    """The requests of each address that are in progress and not authenticated yet."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._counts = Counter[str]()

    def __len__(self) -> int:
        return self._counts.total()

    @contextmanager
    def request(self, address: str, *, exempt: bool = False) -> Iterator[Pending]:
        """Count a request of the address while it lasts; an exempt one is counted and let through.

        Raises Refusal 4429 where the address has as many as it may.
        """
        if not exempt and self._counts[address] >= self._limit:
            LIMITS.labels("unauthenticated").inc()
            message = "too many requests in progress from your address without a good credential"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, _RETRY_MS)
        pending = Pending(self._counts, address)
        try:
            yield pending
        finally:
            pending.authenticated()
