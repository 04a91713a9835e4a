"""Who has to wait after refused credentials (L): the credential itself first, and its address only for unknown ones."""

from collections import OrderedDict
from hashlib import sha256

from alcove.errors import Close, Code, Refusal
from alcove.limits import MAX_KEYS, KeyedLimiter
from alcove.observability.metrics import LIMITS


class RefusedCredentials:
    """Counts refusals by credential and by address, and knows which credentials were good lately.

    A browser that tries one bad token in a loop makes that token wait, and nobody else behind the same address. Who
    guesses brings a new credential each time, and makes the address wait; credentials that were good stay good there.
    Only hashes are kept (A6).
    """

    def __init__(self, credentials: KeyedLimiter[bytes], addresses: KeyedLimiter[str], *, size: int = MAX_KEYS) -> None:
        self._credentials = credentials
        self._addresses = addresses
        self._size = size
        #: The latest credentials that were good, by their hash.
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def check(self, credential: str, address: str, now: float) -> None:
        """Raises Refusal 4429 where the credential, or the address of an unknown one, was refused too often."""
        key = _key(credential)
        if key in self._good:
            return
        if retry_ms := self._credentials.wait(key, now):
            LIMITS.labels("refused_credential").inc()
            message = "this credential was refused too often; ask for a new one"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, retry_ms)
        if key not in self._credentials and (retry_ms := self._addresses.wait(address, now)):
            LIMITS.labels("refused_credentials").inc()
            message = "too many refused credentials from your address"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, retry_ms)

    def refused(self, credential: str, address: str, now: float) -> None:
        """Record that the credential was refused."""
        key = _key(credential)
        self._good.pop(key, None)
        known = key in self._credentials
        self._credentials.take(key, now)
        if not known:
            self._addresses.take(address, now)

    def accepted(self, credential: str) -> None:
        """Record that the credential was good."""
        key = _key(credential)
        self._good[key] = None
        self._good.move_to_end(key)
        if len(self._good) > self._size:
            self._good.popitem(last=False)


def _key(credential: str) -> bytes:
    return sha256(credential.encode(errors="surrogatepass")).digest()
