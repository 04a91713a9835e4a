"""Read, cache and refresh the public keys of the host application: a JWKS from a file or URL (A3; RFC 7517)."""

import asyncio
import json
import logging
import time
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from jwt import PyJWK, PyJWTError

from alcove.access.fetch import fetch
from alcove.errors import SettingsError
from alcove.urls import redact_url

logger = logging.getLogger(__name__)

#: Algorithms of public keys that may sign tokens.
ALGORITHMS = ("EdDSA", "RS256", "ES256")
#: Maximum bytes of a key set.
_MAX_KEY_SET_BYTES = 1024 * 1024
#: Maximum seconds to fetch a key set.
_FETCH_S = 5.0
#: Seconds after which a key set is read again.
_FRESH_S = 300.0
#: Minimum seconds between two attempts to read a key set.
_RETRY_S = 10.0
#: Exceptions of a source that cannot be reached, or of a document that is not a usable key set.
_READ_ERRORS = (OSError, ValueError, HTTPException, RecursionError)


class KeySet:
    """Caches the keys of a JWKS. Reads the set at the start, and again when it is old or a token names an unknown key.

    The set is read at most once in `retry_s`, however many tokens name unknown keys; concurrent lookups share one read.
    """

    def __init__(self, source: str, *, retry_s: float = _RETRY_S, fetch_s: float = _FETCH_S) -> None:
        """Store the source; `start` reads it.

        Args:
            source: A path, or a `file:`, `http:` or `https:` URL.
            retry_s: Minimum seconds between two attempts to read the source.
            fetch_s: Maximum seconds for one read.

        Raises:
            SettingsError: The URL has another scheme.

        """
        if urlsplit(source).scheme not in {"", "file", "http", "https"}:
            raise SettingsError(f"ALCOVE_JWKS={redact_url(source)!r}: expected a path or an http(s) address")
        self._source = source
        self._retry_s = retry_s
        self._fetch_s = fetch_s
        #: The keys by key id; None: a key without an id.
        self._keys: dict[str | None, PyJWK] = {}
        #: When the set was last read, and when a read was last tried, as `time.monotonic()` counts.
        self._read_at = self._tried_at = 0.0
        #: The read in progress; None: no read is in progress.
        self._reading: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<KeySet {redact_url(self._source)!r} keys={len(self._keys)}>"

    async def start(self) -> None:
        """Read the key set for the first time.

        Raises:
            SettingsError: The source cannot be read, or has no usable key.

        """
        try:
            self._keys = await asyncio.to_thread(self._read)
        except _READ_ERRORS as error:
            raise SettingsError(f"ALCOVE_JWKS={redact_url(self._source)!r} is not a key set: {error}") from None
        self._read_at = time.monotonic()
        self._tried_at = self._read_at - self._retry_s

    async def find(self, kid: object) -> PyJWK | None:
        """Look up a key, reading the set again first if the key is unknown or the last read is older than `_FRESH_S`.

        Args:
            kid: The key id in the token's header. None (no id in the header) finds the key of a set with only one key.

        Returns:
            The key, or None if the set does not have it.

        """
        if self._cached_key(kid) is None or time.monotonic() - self._read_at > _FRESH_S:
            await self._read_again()
        return self._cached_key(kid)

    def _cached_key(self, kid: object) -> PyJWK | None:
        """Return the cached key with this id; for None, the only cached key. None if there is no such key."""
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if isinstance(kid, str) else None

    async def _read_again(self) -> None:
        """Read the set, unless a read was tried within `retry_s`. If a read is in progress, only wait for it."""
        if self._reading is None:
            if time.monotonic() - self._tried_at < self._retry_s:
                return
            self._reading = asyncio.create_task(self._refresh())
        await asyncio.shield(self._reading)

    async def _refresh(self) -> None:
        """Read the set and replace the keys. If the set cannot be read, log a warning and keep the current keys."""
        try:
            self._keys = await asyncio.to_thread(self._read)
            self._read_at = time.monotonic()
        except _READ_ERRORS as error:
            logger.warning("ALCOVE_JWKS cannot be read, the keys read before stay valid: %s", error)
        finally:
            self._tried_at = time.monotonic()
            self._reading = None

    def _read(self) -> dict[str | None, PyJWK]:
        """Fetch and parse the key set, and return its usable keys by key id. Blocks; raises one of `_READ_ERRORS`."""
        return _parse_keys(json.loads(fetch(self._source, timeout_s=self._fetch_s, max_bytes=_MAX_KEY_SET_BYTES)))


def _parse_keys(document: Any) -> dict[str | None, PyJWK]:
    """Parse the usable keys of a JWKS document and skip all others (RFC 7517, section 5).

    Returns:
        The keys by `kid`; a key without one is stored under None.

    Raises:
        ValueError: The document is not a key set, or has no usable key.

    """
    jwks = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(jwks, list):
        raise ValueError("it has no list `keys`")  # noqa: TRY004 - the document is wrong, not an argument of the caller
    keys: dict[str | None, PyJWK] = {}
    for jwk in jwks:
        if isinstance(jwk, dict) and (key := _parse_key(jwk)):
            kid = jwk.get("kid")
            keys[kid if isinstance(kid, str) else None] = key
    if not keys:
        raise ValueError(f"it has no public key for {', '.join(ALGORITHMS)}")
    return keys


def _parse_key(jwk: dict[str, Any]) -> PyJWK | None:
    """Parse one JWK; return None unless it is a public signing key of a supported algorithm and sufficient length."""
    if jwk.get("use", "sig") != "sig" or "d" in jwk:
        return None
    with suppress(PyJWTError, KeyError, TypeError, ValueError):
        key = PyJWK.from_dict(jwk)
        if key.algorithm_name in ALGORITHMS and key.Algorithm.check_key_length(key.key) is None:
            return key
    return None
