"""Limit what one client address may do before its requests are authenticated (A2, L)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import Self

from alcove.access.open_mode import is_loopback
from alcove.access.refused_credentials import RefusedCredentials
from alcove.access.unauthenticated_requests import PendingRequest, UnauthenticatedRequests
from alcove.errors import Close, Code, Refusal
from alcove.observability.metrics import LIMITS
from alcove.proxies import TrustedProxies
from alcove.rate_limits import KeyedLimiter
from alcove.settings import Settings
from alcove.urls import split_commas


class AddressLimits:
    """Limits, for each client address, the handshakes, the refused credentials and the unauthenticated requests.

    One instance serves all requests of a process.
    """

    def __init__(
        self,
        *,
        handshakes: KeyedLimiter[str],
        refused: RefusedCredentials,
        unauthenticated: UnauthenticatedRequests,
        proxies: TrustedProxies,
        local_only: bool,
    ) -> None:
        """Store the limiters.

        Args:
            handshakes: Limits the rate of WebSocket handshakes from one address.
            refused: Limits the refusals of one credential and of one address.
            unauthenticated: Counts and limits the requests in progress that are not authenticated yet.
            proxies: The trusted proxies. Many clients may share the address of a proxy, so its unauthenticated
                requests are counted, but never refused.
            local_only: Refuse requests that arrive at an address of the server that other machines can reach (A2).

        """
        self._handshakes = handshakes
        self._refused = refused
        self._unauthenticated = unauthenticated
        self._proxies = proxies
        self._local_only = local_only

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Create the limiters with the rates and sizes of the settings.

        Raises:
            SettingsError: `trusted_proxies` contains a host name that does not resolve to an address.

        """
        size = settings.rates
        return cls(
            handshakes=KeyedLimiter(settings.handshakes_per_s, settings.handshakes_burst, size=size),
            refused=RefusedCredentials(
                KeyedLimiter(settings.credential_refusals_per_s, settings.credential_refusals_burst, size=size),
                KeyedLimiter(settings.refusals_per_s, settings.refusals_burst, size=size),
                size=size,
            ),
            unauthenticated=UnauthenticatedRequests(settings.unauthenticated_requests),
            proxies=TrustedProxies(split_commas(settings.trusted_proxies)),
            local_only=settings.open_mode and not settings.allow_open,
        )

    def check_server_address(self, address: str) -> None:
        """Refuse a request that arrived at a non-loopback address of the server in open mode (A2).

        Args:
            address: The address at which the server accepted the TCP connection.

        Raises:
            Refusal: 4403 if only loopback addresses are allowed, and `address` is not one.

        """
        if self._local_only and not is_loopback(address):
            message = (
                "open mode accepts requests from this machine only;"
                " set ALCOVE_SECRET or ALCOVE_JWKS, or ALCOVE_ALLOW_OPEN=true"
            )
            raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, message)

    def check_handshake(self, address: str) -> None:
        """Count a WebSocket handshake against the rate of its address. Call this once for each handshake.

        Args:
            address: The client's address.

        Raises:
            Refusal: 4429 with `retry_ms` if the address is over its rate, whether or not its credential is valid (L).

        """
        if retry_ms := self._handshakes.take(address, monotonic()):
            LIMITS.labels("handshakes").inc()
            message = "too many handshakes from your address"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, retry_ms)

    def count_request(self, address: str, host: str, credential: str) -> AbstractContextManager[PendingRequest]:
        """Return a context manager that counts a request of the address until the request is authenticated or ends.

        A credential that was accepted before is not refused when the address is at its limit, because other people
        behind the same address, such as an office's, may have all of its pending requests.

        Args:
            address: The client's address.
            host: The peer address of the TCP connection; requests from trusted proxies are never refused here.
            credential: The token or cookie of the request, or "".

        Raises:
            Refusal: 4429 on entering, if the address has too many unauthenticated requests in progress (L).

        """
        exempt = host in self._proxies or (
            self._unauthenticated.is_full(address) and self._refused.was_accepted(credential)
        )
        return self._unauthenticated.count(address, exempt=exempt)

    @contextmanager
    def count_attempt(self, credential: str, address: str) -> Iterator[None]:
        """Run a block that checks a credential, and record whether the credential was accepted or refused (L).

        Args:
            credential: The token or cookie to check.
            address: The client's address.

        Raises:
            Refusal: 4429 on entering, if the credential or its address was refused too often. A Refusal of the block is
                recorded and raised again.

        """
        self._refused.check(credential, address, monotonic())
        try:
            yield
        except Refusal:
            self._refused.record_refused(credential, address, monotonic())
            raise
        self._refused.record_accepted(credential)
