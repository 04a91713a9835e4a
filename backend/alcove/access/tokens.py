"""Verify tokens that the host application signs (A3)."""

import re
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
from alcove.settings import Settings

#: Minimum bytes of a secret: the size of the hash (RFC 7518, section 3.2).
SECRET_BYTES = 32
#: Maximum characters of a token; checked before anything is decoded.
_TOKEN_CHARS = 16 * 1024
#: Maximum characters of an error text of PyJWT: it may repeat parts of the token.
_REASON_CHARS = 80
#: The last second that a token may name: the end of year 9999, which every date type and JSON can represent.
_LAST_S = 253_402_300_799
#: Claims that are times (RFC 7519, section 4.1). Checked here because PyJWT accepts `true` and strings of digits.
_TIMES = {"exp", "iat", "nbf"}
#: An address of a picture: https, a host, and no character that would have to be escaped (RFC 3986, section 2).
_PICTURE = re.compile(r"https://[A-Za-z0-9\[][!#-;=?-Z\[\]_a-z~]*")
_PICTURE_CHARS = 2048
_ROLE_CHARS = 32


class Claims(msgspec.Struct, frozen=True):
    """The claims of a valid token. Times are in seconds since the epoch."""

    sub: str
    exp: float
    name: str
    iat: float | None
    items: dict[str, str]
    picture: str | None = None
    role: str | None = None


def _refuse(message: str, reason: Reason = Reason.MALFORMED) -> Refusal:
    return Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, reason=reason)


def _reason(error: PyJWTError) -> Reason:
    """Return the reason that a client can act on: use another key, get a fresh token, or correct a clock."""
    match error:
        case ExpiredSignatureError():
            return Reason.EXPIRED
        case ImmatureSignatureError():
            return Reason.NOT_YET_VALID
        case InvalidSignatureError():
            return Reason.WRONG_KEY
    return Reason.MALFORMED


class Keys:
    """The keys that tokens are verified with: a shared secret, a key set, or both."""

    def __init__(self, secret: str | None, jwks: str | None, leeway_s: float) -> None:
        """Initialize the keys; `start` reads the key set.

        Args:
            secret: The shared secret for HS256.
            jwks: File or address of the key set.
            leeway_s: Seconds that the clock of the signing application may differ from this one.

        Raises:
            SettingsError: The secret is too short, or the address is neither a file nor http(s).

        """
        if secret is not None and len(secret.encode()) < SECRET_BYTES:
            raise SettingsError(
                f"ALCOVE_SECRET has {len(secret.encode())} bytes: expected at least {SECRET_BYTES};"
                " make one with `openssl rand -hex 32`"
            )
        if secret is not None:
            try:
                jwt.get_algorithm_by_name("HS256").prepare_key(secret)
            except PyJWTError as error:
                raise SettingsError(f"ALCOVE_SECRET is not a shared secret: {str(error).lower()}") from None
        self._secret = secret
        self._set = KeySet(jwks) if jwks is not None else None
        self._leeway_s = leeway_s

    def __repr__(self) -> str:
        return f"<Keys {' and '.join(self._algorithms())}>"

    async def start(self) -> None:
        """Read the key set, if there is one. Raises SettingsError if it cannot be used."""
        if self._set is not None:
            await self._set.start()

    async def check(self, token: str) -> Claims:
        """Return the claims of a valid token.

        Raises:
            Refusal: 4401 with the reason why the token is not valid.

        """
        if len(token) > _TOKEN_CHARS:
            raise _refuse(f"the token is longer than {_TOKEN_CHARS} characters")
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key = await self._key(header)
            # Every application that has the key may sign, so audience and issuer do not matter.
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                leeway=self._leeway_s,
                options={"require": ["exp", "sub"], "verify_aud": False, "verify_iss": False},
            )
        except PyJWTError as error:
            raise _refuse(f"the token is not valid: {str(error).lower()[:_REASON_CHARS]}", _reason(error)) from None
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            raise _refuse("the token is not valid: it cannot be decoded") from error
        return check_claims(claims)

    async def _key(self, header: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the algorithm and the key that may verify a token; the header only selects among the configured ones.

        Raises:
            Refusal: 4401 if no configured key can have signed it.

        """
        algorithm = header.get("alg")
        if algorithm == "HS256" and self._secret is not None:
            return "HS256", self._secret
        if algorithm in ALGORITHMS and self._set is not None:
            key = await self._set.find(header.get("kid"))
            if key is not None and key.algorithm_name == algorithm:
                return str(algorithm), key.key
            raise _refuse("the token is not valid: none of the configured keys signed it", Reason.WRONG_KEY)
        expected = " or ".join(self._algorithms())
        raise _refuse(f"the token is not valid: its algorithm is not {expected}", Reason.WRONG_KEY)

    def _algorithms(self) -> list[str]:
        return [*(["HS256"] if self._secret else []), *(ALGORITHMS if self._set else [])]


def keys_from_settings(settings: Settings) -> Keys | None:
    """Return the keys that the settings name; None in open mode (A2).

    Raises:
        SettingsError: The secret or the address of the key set cannot be used.

    """
    if settings.open:
        return None
    secret = None if settings.secret is None else settings.secret.get_secret_value()
    return Keys(secret, settings.jwks, settings.leeway_s)


def check_claims(claims: Mapping[str, Any]) -> Claims:
    """Return the claims after a check of their types and sizes. Raises Refusal 4401 for the first wrong one."""
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
        raise _refuse("the token's `items` has letters other than r, w and m, or a text is not UTF-8") from None
    _check_name(name or sub[:64])
    for pattern in items:
        _check_form(pattern)
    iat = claims.get("iat")
    picture, role = _picture(claims.get("picture")), _role(claims.get("role"))
    exp, iat = float(claims["exp"]), None if iat is None else float(iat)
    return Claims(sub, exp, name or sub[:64], iat, items, picture, role)


def _picture(picture: Any) -> str | None:
    """Return the claim `picture` (A9). Raises Refusal 4401."""
    if picture is None:
        return None
    if not isinstance(picture, str) or len(picture) > _PICTURE_CHARS or not _PICTURE.fullmatch(picture):
        raise _refuse(f"the token's `picture` is not an https URL of at most {_PICTURE_CHARS} characters")
    return picture


def _role(role: Any) -> str | None:
    """Return the claim `role` (A9). Raises Refusal 4401."""
    if role is None:
        return None
    if not isinstance(role, str) or not 1 <= len(role) <= _ROLE_CHARS or not is_visible(role) or "\0" in role:
        raise _refuse(f"the token's `role` is not 1 to {_ROLE_CHARS} characters, one of them visible")
    try:
        role.encode()
    except ValueError:
        raise _refuse("the token's `role` is not UTF-8") from None
    return role


def _check_name(name: str) -> None:
    """Check that the name has a visible character. Raises Refusal 4401."""
    if not is_visible(name):
        raise _refuse(f"the token's `name`, or its `sub` if there is no name, is not valid: {NOTHING_VISIBLE}")


def _check_form(pattern: str) -> None:
    """Check that a key of `items` is in NFC (H3). Raises Refusal 4401 that shows the right form.

    Other keys that are not item ids are accepted: they give rights on nothing.
    """
    try:
        check_pattern(pattern)
    except ItemIdError as error:
        if error.normalized is not None:
            raise _refuse(f"the token's `items` has a name that no item has: {error}") from None


def _is_time(value: Any) -> TypeGuard[float]:
    """Return whether it is a number of seconds up to the year 9999; `true` is not a number here."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LAST_S
