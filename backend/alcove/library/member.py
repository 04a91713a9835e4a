"""Represent a member as the host application knows them."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from msgspec.structs import replace

from alcove.access.authenticator import Caller
from alcove.access.rights import LETTERS
from alcove.access.signing import id_text
from alcove.access.tokens import check_claims, is_time
from alcove.errors import InvalidError, Refusal
from alcove.protocol import Person


@dataclass(frozen=True, slots=True)
class Member:
    """A user of the application, and what they may do. The dependency that admits to rooms returns it.

    Attributes:
        id: The user's id, 1 to 128 characters; an integer or a UUID counts as its text.
        name: The name that others see, 1 to 64 characters; by default the id.
        rights: Rights on the item for which the dependency was called, as letters: `r` read, `w` write, `m` moderate.
        picture: An https URL (A9).
        role: A label of 1 to 32 characters that others see beside the name (A9).
        expires: When access ends: a `datetime` with a time zone, or seconds since the epoch; None: it does not end.
        items: Rights by item or pattern, as in a token (A3), for requests that belong to no item: the list of rooms.

    Raises:
        InvalidError: A value is invalid; the message names it.

    Example:
        >>> Member(7, "Ada", rights="rw")
        Member(id='7', name='Ada', rights='rw')

    """

    id: str | int | UUID
    name: str = ""
    rights: str = ""
    picture: str | None = field(default=None, kw_only=True)
    role: str | None = field(default=None, kw_only=True)
    expires: datetime | float | None = field(default=None, kw_only=True)
    items: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", id_text("a member's id", self.id))
        if not self.name:
            object.__setattr__(self, "name", str(self.id)[:64])
        if isinstance(self.expires, datetime) and self.expires.tzinfo is None:
            raise InvalidError("a member's `expires` has no time zone: write datetime.now(UTC) + …")
        if not isinstance(self.expires, datetime | None) and not is_time(self.expires):
            raise InvalidError(
                "a member's `expires`: expected a datetime with a time zone, or seconds since the epoch up to the year"
                f" 9999, got {self.expires!r:.80}"
            )
        if not isinstance(self.rights, str) or set(self.rights) - set(LETTERS):
            raise InvalidError(f"a member's `rights`: expected letters of r, w and m, got {self.rights!r:.80}")
        if not isinstance(self.items, Mapping):
            raise InvalidError(f"a member's `items`: expected a dict of letters by item, got {self.items!r:.80}")
        _to_caller(self, self.items)

    def __repr__(self) -> str:
        optional = {name: value for name in ("picture", "role", "expires", "items") if (value := getattr(self, name))}
        details = "".join(f", {name}={value!r}" for name, value in optional.items())
        return f"Member(id={self.id!r}, name={self.name!r}, rights={self.rights!r}{details})"

    @property
    def person(self) -> Person:
        """The member's public profile, as others see it."""
        return Person(str(self.id), self.name, self.picture or UNSET, self.role or UNSET)

    @property
    def ends_at(self) -> float:
        """When access ends, in seconds since the epoch; infinity: access does not expire."""
        if self.expires is None:
            return math.inf
        return self.expires.timestamp() if isinstance(self.expires, datetime) else self.expires

    @property
    def may_moderate(self) -> bool:
        """Whether `rights` contains `m`."""
        return "m" in self.rights

    def caller(self, items: Mapping[str, str]) -> Caller:
        """Convert the member to a caller who is admitted now. `items`: the rights as letters, by item or pattern."""
        return _to_caller(self, items)


def _to_caller(member: Member, items: Mapping[str, str]) -> Caller:
    """Convert a member to a caller with the rights `items`: letters by item or pattern.

    Raises:
        InvalidError: A field breaks the rules that tokens have for it (A3, A9).

    """
    values = {"sub": member.id, "name": member.name, "items": dict(items), "iat": time.time(), "exp": 0}
    optional = {name: value for name in ("picture", "role") if (value := getattr(member, name)) is not None}
    try:
        claims = check_claims(values | optional)
    except Refusal as refusal:
        # The message names a token's claims, which have other names in a Member.
        message = refusal.message.replace("the token's", "the member's").replace("`sub`", "`id`")
        raise InvalidError(message) from None
    return Caller(member.person, replace(claims, exp=member.ends_at))
