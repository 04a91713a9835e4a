"""Limit what one address may do before its requests are authenticated (A2, L)."""

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
from alcove.settings import Settings, split_commas


class AddressLimits:
    """The limits of this process on addresses: handshakes, refused credentials, unauthenticated requests."""

    def __init__(
        self,
        *,
        handshakes: KeyedLimiter[str],
        refused: RefusedCredentials,
        unauthenticated: UnauthenticatedRequests,
        proxies: TrustedProxies,
        local_only: bool,
    ) -> None:
        """Initialize the limits.

        Args:
            handshakes: The rate of WebSocket handshakes of one address.
            refused: The rate of refusals of one credential and one address.
            unauthenticated: The requests in progress that are not authenticated.
            proxies: The trusted proxies: many clients share their addresses.
            local_only: Refuse requests that reach the server at an address that other machines can reach (A2).

        """
        self._handshakes = handshakes
        self._refused = refused
        self._unauthenticated = unauthenticated
        self._proxies = proxies
        self._local_only = local_only

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the limits that the settings describe.

        Raises:
            SettingsError: A trusted proxy is named by a host name that has no address.

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
            local_only=settings.open and not settings.allow_open,
        )

    def check_server(self, address: str) -> None:
        """Check that the server may be reached at this address of its machine (A2).

        Raises:
            Refusal: 4403 in open mode, if other machines can reach the address.

        """
        if self._local_only and not is_loopback(address):
            message = (
                "open mode accepts requests from this machine only;"
                " set ALCOVE_SECRET or ALCOVE_JWKS, or ALCOVE_ALLOW_OPEN=true"
            )
            raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, message)

    def check_handshake(self, address: str) -> None:
        """Count a WebSocket handshake of the address.

        Raises:
            Refusal: 4429 if the address opens sockets too fast, with or without a valid credential (L).

        """
        if retry_ms := self._handshakes.take(address, monotonic()):
            LIMITS.labels("handshakes").inc()
            message = "too many handshakes from your address"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, retry_ms)

    def count_request(self, address: str, host: str, credential: str) -> AbstractContextManager[PendingRequest]:
        """Count a request of the address until it is authenticated, or until the block ends.

        Args:
            address: The client's address.
            host: The address that the connection comes from; requests of trusted proxies are not refused.
            credential: What the request presents, or ""; with one that was accepted before, it is not refused: others
                of its address, such as an office's, may hold theirs.

        Raises:
            Refusal: 4429 on entering, if the address has too many requests in progress (L).

        """
        exempt = host in self._proxies or (
            self._unauthenticated.is_full(address) and self._refused.was_accepted(credential)
        )
        return self._unauthenticated.count(address, exempt=exempt)

    @contextmanager
    def count_attempt(self, credential: str, address: str) -> Iterator[None]:
        """Run a block that checks the credential; count a Refusal that it raises (L).

        Raises:
            Refusal: 4429 on entering, if the credential or its address was refused too often.

        """
        self._refused.check(credential, address, monotonic())
        try:
            yield
        except Refusal:
            self._refused.record_refused(credential, address, monotonic())
            raise
        self._refused.record_accepted(credential)
