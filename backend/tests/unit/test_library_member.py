"""Test the members that a host application describes; their rules are those of a token's claims (A3, A9)."""

import math
import time
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from alcove import InvalidError, Member, sign_token
from alcove.access.tokens import Keys
from tests.support.credentials import SECRET

#: Values that are neither a datetime nor a number of seconds; the last one is in ms.
INVALID_TIMES = ("2099-01-01", True, date(2099, 1, 1), math.nan, math.inf, -1, 1_900_000_000_000)


def test_an_id_is_converted_to_text_and_is_the_default_name() -> None:
    assert ((member := Member(7)).id, member.name) == ("7", "7")
    assert Member(UUID("12345678-1234-5678-1234-567812345678")).id == "12345678-1234-5678-1234-567812345678"
    assert Member("7") == Member(7)


def test_a4_access_ends_at_a_time_with_a_zone_or_never() -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)

    def expiry(member: Member) -> float:
        claims = member.caller({}).claims
        assert claims is not None
        return claims.exp

    assert [at.timestamp(), 5.0, math.inf] == [
        expiry(member) for member in (Member(1, expires=at), Member(1, expires=5.0), Member(1))
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"id": ""}, "the member's `id` is not 1 to 128 characters"),
        ({"id": "x" * 129}, "the member's `id`"),
        ({"id": "a", "name": "\u200b"}, "the member's `name`"),
        *(({"id": "a", "rights": rights}, "`rights`: expected letters of r, w and m") for rights in ("rx", True, None)),
        ({"id": "a", "name": "\ud800"}, "the member's `name` is not UTF-8"),
        ({"id": "\ud800"}, "the member's `id` is not UTF-8"),
        *(({"id": "a", "items": items}, "`items`: expected a dict of letters by item") for items in (["x"], "x", None)),
        ({"id": "a", "items": {5: "r"}}, "the member's `items` is not an object of letters by item"),
        ({"id": "a", "picture": "http://example.com/a.png"}, "the member's `picture`"),
        ({"id": "a", "role": ""}, "the member's `role`"),
        ({"id": "a", "items": {"a\u0308": "r"}}, "the member's `items`"),
        ({"id": "a", "items": {"*": "x"}}, "letters other than r, w and m"),
        ({"id": "a", "expires": datetime(2030, 1, 1)}, "no time zone"),  # noqa: DTZ001 - the error to detect
        *(({"id": "a", "expires": expires}, "`expires`: expected a datetime with") for expires in INVALID_TIMES),
    ],
)
def test_a3_an_invalid_value_is_named_in_the_error(values: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        Member(**values)  # type: ignore[arg-type]


def test_the_repr_of_a_member_is_the_call_that_creates_it() -> None:
    member = Member(7, "Ada", "rw", role="admin")

    assert repr(member) == "Member(id='7', name='Ada', rights='rw', role='admin')"
    assert member == eval(repr(member))  # noqa: S307 - our own text


async def test_a3_the_server_accepts_a_signed_token() -> None:
    token = sign_token(SECRET, "ada", {"order-17": "rw"}, name="Ada", role="admin", ttl_s=60)
    claims = await Keys(SECRET, None, 0).check(token)

    assert (claims.sub, claims.name, claims.items, claims.role) == ("ada", "Ada", {"order-17": "rw"}, "admin")
    assert 50 < claims.exp - time.time() <= 60
    with pytest.raises(InvalidError, match="letters other than"):
        sign_token(SECRET, "ada", {"order-17": "x"})
    assert (await Keys(SECRET, None, 0).check(sign_token(SECRET, 7, {}))).sub == "7"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *(({"secret": secret}, "^secret: expected ALCOVE_SECRET as a string, got ") for secret in (None, 5, b"x" * 32)),
        *(({"sub": sub}, "^sub: expected a string, an integer or a UUID, got ") for sub in (None, True, ["ada"])),
        *(({"items": items}, "^items: expected a dict of letters by item, got ") for items in (None, ["x"], "x")),
        *(({"ttl_s": ttl_s}, "^ttl_s: expected a number of seconds") for ttl_s in (None, "5", True, math.nan, 10**400)),
        ({"name": 5}, "the token's `name`"),
        ({"name": "\ud800"}, "the token's `name` is not UTF-8"),
        ({"items": {"a": 5}}, "the token's `items` is not an object of letters by item"),
    ],
)
def test_a3_sign_token_names_an_invalid_argument(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        sign_token(**{"secret": SECRET, "sub": "ada", "items": {}} | arguments)
