"""Sign tokens in an application whose members connect to a separate Alcove server (A3)."""

import time
from collections.abc import Mapping
from uuid import UUID

import jwt

from alcove.access.tokens import check_claims, validate_secret
from alcove.errors import InvalidError, Refusal


def sign_token(
    secret: str,
    sub: str | int | UUID,
    items: Mapping[str, str],
    *,
    name: str | None = None,
    picture: str | None = None,
    role: str | None = None,
    ttl_s: float = 900,
) -> str:
    """Sign a token (HS256) that is valid from now for `ttl_s` seconds, and return it.

    Args:
        secret: The server's ALCOVE_SECRET.
        sub: The member's id, 1 to 128 characters; an integer or a UUID counts as its text.
        items: Rights by item or pattern, `r` read, `w` write, `m` moderate: `{"order-17": "rw"}`.
        name: The name that other members see, 1 to 64 characters; None: the id.
        picture: An https URL of the member's picture (A9).
        role: A label of 1 to 32 characters that other members see beside the name (A9).
        ttl_s: Seconds until the token expires; a negative number makes an expired token.

    Raises:
        SettingsError: The secret is shorter than 32 bytes.
        InvalidError: An argument has another type, or the server would refuse the token.

    """
    check_secret(secret)
    sub = id_text("sub", sub)
    if not isinstance(items, Mapping):
        raise InvalidError(f"items: expected a dict of letters by item, got {items!r:.80}")
    if not isinstance(ttl_s, int | float) or isinstance(ttl_s, bool) or ttl_s != ttl_s:  # noqa: PLR0124 - NaN
        raise InvalidError(f"ttl_s: expected a number of seconds, got {ttl_s!r:.80}")
    now = time.time()
    try:
        expires = now + ttl_s
    except OverflowError:
        expected = "expected a number of seconds, so that the token expires before the year 10000"
        raise InvalidError(f"ttl_s: {expected}") from None
    optional = {"name": name, "picture": picture, "role": role}
    claims = {"sub": sub, "items": dict(items), "iat": int(now), "exp": expires} | {
        claim: value for claim, value in optional.items() if value is not None
    }
    try:
        check_claims(claims)
    except Refusal as refusal:
        raise InvalidError(f"the server would refuse this token: {refusal.message}") from None
    return jwt.encode(claims, secret, algorithm="HS256")


def check_secret(secret: object) -> None:
    """Check the secret that an application signs tokens with.

    Raises:
        SettingsError: The secret is shorter than 32 bytes.
        InvalidError: The secret is not a string. The message does not contain the secret (A6).

    """
    if not isinstance(secret, str):
        raise InvalidError(f"secret: expected ALCOVE_SECRET as a string, got {type(secret).__name__}")
    validate_secret(secret)


def id_text(name: str, value: object) -> str:
    """Convert an id that an application gives as a string, an integer or a UUID to a string.

    Args:
        name: The argument's name, with which the error begins.
        value: The id.

    Raises:
        InvalidError: The id has another type. None, for example, would become the same id, "None", for everybody.

    """
    if not isinstance(value, str | int | UUID) or isinstance(value, bool):
        raise InvalidError(f"{name}: expected a string, an integer or a UUID, got {value!r:.80}")
    return str(value)
