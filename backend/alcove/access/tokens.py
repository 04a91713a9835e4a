"""Verify the signature and the claims of tokens that the host application signs (A3; RFC 7519)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

import jwt
import msgspec
from jwt import ExpiredSignatureError, ImmatureSignatureError, InvalidSignatureError, PyJWTError

from alcove.access.keyset import ALGORITHMS, KeySet
from alcove.access.rights import rights
from alcove.errors import Close, Code, Reason, Refusal, SettingsError
from alcove.item_ids import ItemIdError, check_pattern
from alcove.names import NO_VISIBLE_CHARACTER, has_visible_character
from alcove.settings import Settings

#: Minimum bytes of a secret: the size of the hash (RFC 7518, section 3.2).
MIN_SECRET_BYTES = 32
#: Maximum characters of a token; checked before anything is decoded.
_MAX_TOKEN_CHARS = 16 * 1024
#: Maximum characters of an error text of PyJWT: it may repeat parts of the token.
_MAX_ERROR_CHARS = 80
#: The last second that a token may name: the end of year 9999, which every date type and JSON can represent.
_MAX_TIME_S = 253_402_300_799
#: Claims that are times (RFC 7519, section 4.1). They are checked here because PyJWT also accepts `true` and strings of
#: digits.
_TIME_CLAIMS = {"exp", "iat", "nbf"}
#: The URL of a picture: https, a host, and no character that would have to be escaped (RFC 3986, section 2).
_PICTURE = re.compile(r"https://[A-Za-z0-9\[][!#-;=?-Z\[\]_a-z~]*")
_MAX_PICTURE_CHARS = 2048
_MAX_ROLE_CHARS = 32


class Claims(msgspec.Struct, frozen=True):
    """The claims of a valid token.

    Attributes:
        sub: The member's id.
        exp: When the token expires, in seconds since the epoch.
        name: The member's name.
        iat: When the token was issued, in seconds since the epoch; None if the claim is absent.
        items: The rights as letters (`alcove.access.rights`), by item or pattern.
        picture: An https URL (A9).
        role: A label beside the name (A9).

    """

    sub: str
    exp: float
    name: str
    iat: float | None
    items: dict[str, str]
    picture: str | None = None
    role: str | None = None


def _refusal(message: str, reason: Reason = Reason.MALFORMED) -> Refusal:
    """Create a refusal of a token: 4401 with the message and the reason."""
    return Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, reason=reason)


def _reason_of(error: PyJWTError) -> Reason:
    """Map an error of PyJWT to a reason, which tells the client to use another key, get a new token or set a clock."""
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
        """Check and store the secret, and create the key set, which `start` reads.

        Args:
            secret: The shared secret for HS256; None: tokens signed with HS256 are refused.
            jwks: Path or URL of the key set; None: only the secret is used.
            leeway_s: Seconds by which the clock of the signing application may differ from this one.

        Raises:
            SettingsError: The secret is shorter than 32 bytes or is a public key, or `jwks` is neither a path nor a
                `file:`, `http:` or `https:` URL.

        """
        if secret is not None:
            validate_secret(secret)
        self._secret = secret
        self._key_set = KeySet(jwks) if jwks is not None else None
        self._leeway_s = leeway_s

    def __repr__(self) -> str:
        return f"<Keys {' and '.join(self._algorithms())}>"

    async def start(self) -> None:
        """Read the key set, if one is configured.

        Raises:
            SettingsError: The key set cannot be read, or has no usable key.

        """
        if self._key_set is not None:
            await self._key_set.start()

    async def check(self, token: str) -> Claims:
        """Verify a token's length, signature, times and claims, and return its claims.

        Raises:
            Refusal: 4401 with the reason why the token is not valid.

        """
        if len(token) > _MAX_TOKEN_CHARS:
            raise _refusal(f"the token is longer than {_MAX_TOKEN_CHARS} characters")
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key = await self._select_key(header)
            # Every application that has the key may sign tokens, so audience and issuer are not checked.
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                leeway=self._leeway_s,
                options={"require": ["exp", "sub"], "verify_aud": False, "verify_iss": False},
            )
        except PyJWTError as error:
            raise _refusal(
                f"the token is not valid: {str(error).lower()[:_MAX_ERROR_CHARS]}", _reason_of(error)
            ) from None
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            raise _refusal("the token is not valid: it cannot be decoded") from error
        return check_claims(claims)

    async def _select_key(self, header: Mapping[str, Any]) -> tuple[str, Any]:
        """Select the configured key for a token by `alg` and `kid` of its header.

        Returns:
            The algorithm to verify with, and the secret or public key.

        Raises:
            Refusal: 4401 if no configured key can have signed it.

        """
        algorithm = header.get("alg")
        if algorithm == "HS256" and self._secret is not None:
            return "HS256", self._secret
        if algorithm in ALGORITHMS and self._key_set is not None:
            key = await self._key_set.find(header.get("kid"))
            if key is not None and key.algorithm_name == algorithm:
                return str(algorithm), key.key
            raise _refusal("the token is not valid: none of the configured keys signed it", Reason.WRONG_KEY)
        expected = " or ".join(self._algorithms())
        raise _refusal(f"the token is not valid: its algorithm is not {expected}", Reason.WRONG_KEY)

    def _algorithms(self) -> list[str]:
        """List the algorithms that the configured keys can verify."""
        return [*(["HS256"] if self._secret else []), *(ALGORITHMS if self._key_set else [])]


def validate_secret(secret: str) -> None:
    """Check a shared secret for HS256.

    Raises:
        SettingsError: The secret is shorter than 32 bytes or is a public key.

    """
    # Blanks around the secret are part of it, but make it no harder to guess.
    if (size := len(secret.strip().encode())) < MIN_SECRET_BYTES:
        uncounted = "" if secret == secret.strip() else " without the blanks around it"
        raise SettingsError(
            f"ALCOVE_SECRET has {size} bytes{uncounted}: expected at least {MIN_SECRET_BYTES};"
            " make one with `openssl rand -hex 32`"
        )
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(secret)
    except PyJWTError as error:
        raise SettingsError(f"ALCOVE_SECRET is not a shared secret: {str(error).lower()}") from None


def keys_from_settings(settings: Settings) -> Keys | None:
    """Create the keys that the settings name; return None in open mode (A2).

    Raises:
        SettingsError: The secret is too short, or the source of the key set is neither a path nor an http(s) URL.

    """
    if settings.open_mode:
        return None
    secret = None if settings.secret is None else settings.secret.get_secret_value()
    return Keys(secret, settings.jwks, settings.leeway_s)


def check_claims(claims: Mapping[str, Any]) -> Claims:
    """Check types, lengths and characters of a decoded token's claims, and return them as Claims.

    If `name` is absent, the first 64 characters of `sub` become the name.

    Args:
        claims: The decoded payload; `sub` and `exp` must be present.

    Raises:
        Refusal: 4401, with a message that names the first wrong claim.

    """
    sub, name, items = claims["sub"], claims.get("name"), claims.get("items", {})
    if not isinstance(sub, str) or not 1 <= len(sub) <= 128 or "\0" in sub:
        raise _refusal("the token's `sub` is not 1 to 128 characters")
    if name is not None and (not isinstance(name, str) or not 1 <= len(name) <= 64 or "\0" in name):
        raise _refusal("the token's `name` is not 1 to 64 characters")
    for claim in _TIME_CLAIMS & claims.keys():
        if not is_time(claims[claim]):
            raise _refusal(f"the token's `{claim}` is not a number of seconds up to the year 9999")
    if not isinstance(items, dict) or not all(isinstance(text, str) for text in (*items, *items.values())):
        raise _refusal("the token's `items` is not an object of letters by item")
    for claim, texts in {"sub": [sub], "name": [name or ""], "items": items}.items():
        _check_unicode(claim, texts)
    try:
        for letters in items.values():
            rights(letters)
    except ValueError:
        raise _refusal("the token's `items` has letters other than r, w and m") from None
    _check_name(name or sub[:64])
    for pattern in items:
        _check_normalized(pattern)
    iat = claims.get("iat")
    picture, role = _check_picture(claims.get("picture")), _check_role(claims.get("role"))
    exp, iat = float(claims["exp"]), None if iat is None else float(iat)
    return Claims(sub, exp, name or sub[:64], iat, items, picture, role)


def _check_picture(picture: Any) -> str | None:
    """Return the claim `picture`, an https URL or None (A9). Raises Refusal 4401 if it is another value."""
    if picture is None:
        return None
    if not isinstance(picture, str) or len(picture) > _MAX_PICTURE_CHARS or not _PICTURE.fullmatch(picture):
        raise _refusal(f"the token's `picture` is not an https URL of at most {_MAX_PICTURE_CHARS} characters")
    return picture


def _check_role(role: Any) -> str | None:
    """Return the claim `role`: None, or 1 to 32 characters, one of them visible (A9). Raises Refusal 4401."""
    if role is None:
        return None
    if (
        not isinstance(role, str)
        or not 1 <= len(role) <= _MAX_ROLE_CHARS
        or not has_visible_character(role)
        or "\0" in role
    ):
        raise _refusal(f"the token's `role` is not 1 to {_MAX_ROLE_CHARS} characters, one of them visible")
    _check_unicode("role", [role])
    return role


def _check_unicode(claim: str, texts: Iterable[str]) -> None:
    """Check that the texts of a claim have no lone surrogates. Raises Refusal 4401."""
    try:
        for text in texts:
            text.encode()
    except ValueError:
        raise _refusal(f"the token's `{claim}` is not UTF-8") from None


def _check_name(name: str) -> None:
    """Check that the name has a visible character. Raises Refusal 4401."""
    if not has_visible_character(name):
        raise _refusal(f"the token's `name`, or its `sub` if there is no name, is not valid: {NO_VISIBLE_CHARACTER}")


def _check_normalized(pattern: str) -> None:
    """Check that a key of `items` is normalized to NFC (H3).

    Keys that are no item ids for other reasons are accepted, because they match no item.

    Raises:
        Refusal: 4401 with the key in NFC, if the key is not normalized.

    """
    try:
        check_pattern(pattern)
    except ItemIdError as error:
        if error.normalized is not None:
            raise _refusal(f"the token's `items` has a name that no item has: {error}") from None


def is_time(value: Any) -> TypeGuard[float]:
    """Return whether the value is a number of seconds from 0 up to the year 9999; a boolean is not a number here."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _MAX_TIME_S
