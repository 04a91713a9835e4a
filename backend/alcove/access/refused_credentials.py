"""Limit how often credentials may be refused: each credential, and all unknown credentials of an address (L)."""

from collections import OrderedDict
from hashlib import sha256

from alcove.errors import Close, Code, Refusal
from alcove.limits import MAX_RATE_LIMITERS
from alcove.observability.metrics import LIMITS
from alcove.rate_limits import KeyedLimiter


class RefusedCredentials:
    """Limits refusals of each credential and of each address, and remembers credentials that were accepted.

    If a browser retries one bad token in a loop, only that token has to wait, not other clients behind the same
    address. An attacker who guesses sends a new credential each time, which uses up the limit of the address.
    Credentials that were accepted before still work from that address. Only hashes of credentials are kept (A6).
    """

    def __init__(
        self, credentials: KeyedLimiter[bytes], addresses: KeyedLimiter[str], *, size: int = MAX_RATE_LIMITERS
    ) -> None:
        """Store the two limiters.

        Args:
            credentials: Limits the refusals of one credential, keyed by its hash.
            addresses: Limits the refusals of one address.
            size: The maximum number of accepted credentials to remember.

        """
        self._credentials = credentials
        self._addresses = addresses
        self._size = size
        #: Hashes of the credentials that were accepted last, the oldest first.
        self._accepted: OrderedDict[bytes, None] = OrderedDict()

    def check(self, credential: str, address: str, now: float) -> None:
        """Check that the credential may be tried now. This counts no attempt.

        Args:
            credential: The token or cookie.
            address: The client's address.
            now: The current time in seconds, as `time.monotonic()` counts.

        Raises:
            Refusal: 4429 with `retry_ms` if this credential was refused too often, or if it is unknown and too many
                credentials were refused from its address.

        """
        key = _hash(credential)
        if key in self._accepted:
            return
        if retry_ms := self._credentials.wait_ms(key, now):
            LIMITS.labels("refused_credential").inc()
            message = "this credential was refused too often; ask for a new one"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, retry_ms)
        if key not in self._credentials and (retry_ms := self._addresses.wait_ms(address, now)):
            LIMITS.labels("refused_credentials").inc()
            message = "too many refused credentials from your address"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, retry_ms)

    def was_accepted(self, credential: str) -> bool:
        """Return whether the credential is among the accepted ones that are remembered."""
        return _hash(credential) in self._accepted

    def record_refused(self, credential: str, address: str, now: float) -> None:
        """Count a refusal against the credential, and forget that the credential was accepted.

        The first refusal of a credential also counts against the address. `now`: seconds, as `time.monotonic()` counts.
        """
        key = _hash(credential)
        self._accepted.pop(key, None)
        was_refused = key in self._credentials
        self._credentials.take(key, now)
        if not was_refused:
            self._addresses.take(address, now)

    def record_accepted(self, credential: str) -> None:
        """Remember that the credential was accepted. Beyond `size`, forget the credential accepted longest ago."""
        key = _hash(credential)
        self._accepted[key] = None
        self._accepted.move_to_end(key)
        if len(self._accepted) > self._size:
            self._accepted.popitem(last=False)


def _hash(credential: str) -> bytes:
    """Return the SHA-256 hash of the credential, which is kept instead of the credential itself (A6)."""
    return sha256(credential.encode(errors="surrogatepass")).digest()
