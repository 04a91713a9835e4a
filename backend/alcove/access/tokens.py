"""Tokens: what a host application signs, and how it is checked (A3)."""

from collections.abc import Mapping
from typing import Any, TypeGuard

import jwt
import msgspec
from jwt import ExpiredSignatureError, ImmatureSignatureError, InvalidSignatureError, PyJWTError

from alcove.access.keyset import ALGORITHMS, KeySet
from alcove.access.rights import rights
from alcove.errors import Close, Code, Reason, Refusal, SettingsError
from alcove.item_ids import ItemIdError, check_pattern
from alcove.names import NOTHING_VISIBLE, is_visible

#: Bytes of a secret at least: as many as the hash has (RFC 7518, section 3.2).
SECRET_BYTES = 32
#: Characters of a token at most; checked before anything is decoded.
_TOKEN_CHARS = 16 * 1024
#: Characters of a reason at most: it may repeat what the token says.
_REASON_CHARS = 80
#: The last second that a token may name: the end of year 9999, which every clock and every JSON can still tell.
_LAST_S = 253_402_300_799
#: Claims that are times (RFC 7519, section 4.1); PyJWT takes `true` and words of digits for some.
_TIMES = {"exp", "iat", "nbf"}


class Claims(msgspec.Struct, frozen=True):
    """What a good token says. Times in seconds since the epoch."""

    sub: str
    exp: float
    name: str
    iat: float | None
    items: dict[str, str]


def _refuse(message: str, reason: Reason = Reason.MALFORMED) -> Refusal:
    return Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, reason=reason)


def _reason(error: PyJWTError) -> Reason:
    """Return the reason that a client can act on: another key, a fresh token, or a clock that is set right."""
    match error:
        case ExpiredSignatureError():
            return Reason.EXPIRED
        case ImmatureSignatureError():
            return Reason.NOT_YET_VALID
        case InvalidSignatureError():
            return Reason.WRONG_KEY
    return Reason.MALFORMED


class Keys:
    """The keys that tokens are checked with: a shared secret, a key set, or both."""

    def __init__(self, secret: str | None, jwks: str | None, leeway_s: float) -> None:
        """Raises SettingsError for a secret too short or an address that is neither a file nor http(s)."""
        if secret is not None and len(secret.encode()) < SECRET_BYTES:
            raise SettingsError(
                f"ALCOVE_SECRET has {len(secret.encode())} bytes: expected at least {SECRET_BYTES};"
                " make one with `openssl rand -hex 32`"
            )
        if secret is not None:
            try:
                jwt.get_algorithm_by_name("HS256").prepare_key(secret)
            except PyJWTError as error:
                raise SettingsError(f"ALCOVE_SECRET is no shared secret: {str(error).lower()}") from None
        self._secret = secret
        self._set = KeySet(jwks) if jwks is not None else None
        self._leeway_s = leeway_s

    async def start(self) -> None:
        """Read the key set. Raises SettingsError where it is none."""
        if self._set is not None:
            await self._set.start()

    async def check(self, token: str) -> Claims:
        """The claims of a good token. Raises Refusal 4401 with the reason for any other."""
        if len(token) > _TOKEN_CHARS:
            raise _refuse(f"the token is longer than {_TOKEN_CHARS} characters")
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key = await self._key(header)
            # `options` is a TypedDict of PyJWT's; audience is the host application's own affair.
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                leeway=self._leeway_s,
                options={"require": ["exp", "sub"], "verify_aud": False, "verify_iss": False},
            )
        except PyJWTError as error:
            raise _refuse(f"the token is not good: {str(error).lower()[:_REASON_CHARS]}", _reason(error)) from None
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            raise _refuse("the token is not good: it cannot be decoded") from error
        return _claims(claims)

    async def _key(self, header: Mapping[str, Any]) -> tuple[str, Any]:
        """The algorithm and the key that may verify it: never the token's own choice alone."""
        algorithm = header.get("alg")
        if algorithm == "HS256" and self._secret is not None:
            return "HS256", self._secret
        if algorithm in ALGORITHMS and self._set is not None:
            key = await self._set.find(header.get("kid"))
            if key is not None and key.algorithm_name == algorithm:
                return str(algorithm), key.key
            raise _refuse("the token is not good: no key of ours signed it", Reason.WRONG_KEY)
        expected = [*(["HS256"] if self._secret else []), *(ALGORITHMS if self._set else [])]
        raise _refuse(f"the token is not good: its algorithm is not {' or '.join(expected)}", Reason.WRONG_KEY)


def _claims(claims: Mapping[str, Any]) -> Claims:
    """The claims in shape. Raises Refusal 4401 naming the first that is not."""
    sub, name, items = claims["sub"], claims.get("name"), claims.get("items", {})
    if not isinstance(sub, str) or not 1 <= len(sub) <= 128 or "\0" in sub:
        raise _refuse("the token's `sub` is not 1 to 128 characters")
    if name is not None and (not isinstance(name, str) or not 1 <= len(name) <= 64 or "\0" in name):
        raise _refuse("the token's `name` is not 1 to 64 characters")
    for claim in _TIMES & claims.keys():
        if not _is_time(claims[claim]):
            raise _refuse(f"the token's `{claim}` is not a number of seconds up to the year 9999")
    if not isinstance(items, dict) or not all(isinstance(letters, str) for letters in items.values()):
        raise _refuse("the token's `items` is not an object of letters by item")
    try:
        for letters in items.values():
            rights(letters)
        for text in (sub, name or "", *items):
            text.encode()
    except ValueError:
        raise _refuse("the token's `items` gives other letters than r, w and m, or text is not UTF-8") from None
    _check_name(name or sub[:64])
    for pattern in items:
        _check_form(pattern)
    iat = claims.get("iat")
    return Claims(sub, float(claims["exp"]), name or sub[:64], None if iat is None else float(iat), items)


def _check_name(name: str) -> None:
    """Check what others would see. Raises Refusal 4401."""
    if not is_visible(name):
        raise _refuse(f"the token's `name`, or its `sub` where it has none, is not good: {NOTHING_VISIBLE}")


def _check_form(pattern: str) -> None:
    """Check that a name of `items` is in NFC (H3). Raises Refusal 4401 that says how to write it.

    Any other name that no item has gives rights on nothing, and needs no check: its author did not mean an item.
    """
    try:
        check_pattern(pattern)
    except ItemIdError as error:
        if error.normalized is not None:
            raise _refuse(f"the token's `items` has a name that no item has: {error}") from None


def _is_time(value: Any) -> TypeGuard[float]:
    """Whether it is a number of seconds that fits everywhere; `true` is none, nor is a number of 400 digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST_S
