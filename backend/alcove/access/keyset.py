"""The host application's public keys: a JWKS from a file or an address, cached and read again (A3; RFC 7517)."""

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
from alcove.urls import shown

log = logging.getLogger("alcove.keyset")

#: Algorithms of public keys that may sign tokens.
ALGORITHMS = ("EdDSA", "RS256", "ES256")
#: Bytes of a key set at most, seconds to fetch it, seconds it is good for, and seconds between two tries.
_BYTES = 1024 * 1024
_FETCH_S = 5.0
_FRESH_S = 300.0
_RETRY_S = 10.0
#: What reading a set may raise that is the set's fault.
_BROKEN = (OSError, ValueError, HTTPException, RecursionError)


class KeySet:
    """A JWKS: read at the start, and again when it is old or a token names a key it does not hold.

    However many tokens name unknown keys, it is read at most every ten seconds, and by one of them for all.
    """

    def __init__(self, source: str, *, retry_s: float = _RETRY_S, fetch_s: float = _FETCH_S) -> None:
        """Raises SettingsError for an address that is neither a path nor http(s)."""
        if urlsplit(source).scheme not in {"", "file", "http", "https"}:
            raise SettingsError(f"ALCOVE_JWKS={shown(source)!r}: expected a path or an http(s) address")
        self._source = source
        self._retry_s = retry_s
        self._fetch_s = fetch_s
        self._keys: dict[str | None, PyJWK] = {}
        self._read_at = self._tried_at = 0.0
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the set. Raises SettingsError where it cannot be read or holds no key of use."""
        try:
            self._keys = await asyncio.to_thread(self._read)
        except _BROKEN as error:
            raise SettingsError(f"ALCOVE_JWKS={shown(self._source)!r} is no key set: {error}") from None
        self._read_at = time.monotonic()
        self._tried_at = self._read_at - self._retry_s

    async def find(self, kid: object) -> PyJWK | None:
        """The key of that id; without an id, the only key there is."""
        if self._pick(kid) is None or time.monotonic() - self._read_at > _FRESH_S:
            await self._read_again()
        return self._pick(kid)

    def _pick(self, kid: object) -> PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if isinstance(kid, str) else None

    async def _read_again(self) -> None:
        """Read the set, unless it was tried just now; who comes while it is being read waits for the same."""
        if self._reading is None:
            if time.monotonic() - self._tried_at < self._retry_s:
                return
            self._reading = asyncio.create_task(self._refresh())
        await asyncio.shield(self._reading)

    async def _refresh(self) -> None:
        """Replace the keys; a set that cannot be read leaves the known ones in force."""
        try:
            self._keys = await asyncio.to_thread(self._read)
            self._read_at = time.monotonic()
        except _BROKEN as error:
            log.warning("the key set cannot be read, the known keys stay in force: %s", error)
        finally:
            self._tried_at = time.monotonic()
            self._reading = None

    def _read(self) -> dict[str | None, PyJWK]:
        """The keys that the source holds now. Raises one of _BROKEN."""
        return _keys(json.loads(fetch(self._source, seconds=self._fetch_s, size=_BYTES)))


def _keys(document: Any) -> dict[str | None, PyJWK]:
    """The keys of use; what is not understood is passed over (RFC 7517, section 5). Raises ValueError."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it has no list `keys`")  # noqa: TRY004 - a fault of the document, not of a caller
    keys: dict[str | None, PyJWK] = {}
    for listed_key in listed:
        if isinstance(listed_key, dict) and (key := _key(listed_key)):
            kid = listed_key.get("kid")
            keys[kid if isinstance(kid, str) else None] = key
    if not keys:
        raise ValueError(f"it holds no public key for {', '.join(ALGORITHMS)}")
    return keys


def _key(listed: dict[str, Any]) -> PyJWK | None:
    """The key, if tokens may be signed with it: public, for signatures, of our algorithms, and not too short."""
    if listed.get("use", "sig") != "sig" or "d" in listed:
        return None
    with suppress(PyJWTError, KeyError, TypeError, ValueError):
        key = PyJWK.from_dict(listed)
        if key.algorithm_name in ALGORITHMS and key.Algorithm.check_key_length(key.key) is None:
            return key
    return None
