"""Turn credentials into callers, and callers into members with rights on an item (A)."""

import time
from dataclasses import dataclass

from msgspec import UNSET
from msgspec.structs import replace

from alcove.access.bans import Ban, Bans
from alcove.access.open_mode import OPEN_RIGHTS, open_person
from alcove.access.refusals import token_expired
from alcove.access.revocations import Revocations, token_digest
from alcove.access.rights import NONE, rights_on
from alcove.access.tokens import Claims, Keys
from alcove.clock import now_ms
from alcove.errors import Close, Code, Refusal
from alcove.item_ranges import ALL_ITEMS, Range, readable_ranges
from alcove.protocol import Member, Person


@dataclass(frozen=True, slots=True)
class Caller:
    """A person whose credential was accepted.

    Attributes:
        person: Id and name.
        claims: The claims of the token; None in open mode.
        digest: The digest under which the token can be revoked; None in open mode.

    """

    person: Person
    claims: Claims | None = None
    digest: str | None = None


class Authenticator:
    """Checks credentials and rights. Without keys (open mode) it accepts every credential (A2)."""

    def __init__(
        self, keys: Keys | None, revocations: Revocations, bans: Bans | None = None, *, leeway_s: float = 0
    ) -> None:
        """Initialize the authenticator.

        Args:
            keys: The keys that tokens are verified with; None for open mode.
            revocations: The revoked tokens and logins.
            bans: The banned members (A8).
            leeway_s: Seconds that the clock of the signing application may differ from this one.

        """
        self._keys = keys
        self._revocations = revocations
        self._bans = Bans() if bans is None else bans
        self.leeway_s = leeway_s

    def __repr__(self) -> str:
        return f"<Authenticator {'open mode' if self.open else repr(self._keys)}>"

    @property
    def open(self) -> bool:
        """Whether this is open mode (A2)."""
        return self._keys is None

    async def authenticate(self, credential: str, name: str | None = None) -> Caller:
        """Return the caller that a credential identifies.

        Args:
            credential: A token; in open mode any text, which makes two callers of the same name different.
            name: The name that the caller gives in open mode; with keys the token's name counts.

        Raises:
            Refusal: 4401 if the token is not valid, 4403 if it was revoked.

        """
        if self._keys is None:
            return Caller(open_person(credential, name))
        claims = await self._keys.check(credential)
        digest = token_digest(credential)
        self._revocations.check(claims.sub, None, claims.iat, digest)
        self._bans.check(claims.sub, None, now_ms())
        person = Person(claims.sub, claims.name, claims.picture or UNSET, claims.role or UNSET)
        return Caller(person, claims, digest)

    async def try_authenticate(self, credential: str) -> Caller | None:
        """Return the caller that a credential identifies, or None if it is not a valid token.

        Raises:
            Refusal: 4403 if it is a valid token that was revoked.

        """
        try:
            return await self.authenticate(credential)
        except Refusal as refusal:
            if refusal.close is Close.UNAUTHENTICATED:
                return None
            raise

    def member_on(self, caller: Caller, item: str | None) -> Member:
        """Return the caller as a member with rights on an item (None: no item, and no rights on one).

        Raises:
            Refusal: 4403 if the caller's access to the item was revoked.

        """
        claims = caller.claims
        if claims is None:
            return Member(caller.person, OPEN_RIGHTS)
        self._revocations.check(claims.sub, item, claims.iat, caller.digest)
        self._bans.check(claims.sub, item, now_ms())
        # A caller admitted within the leeway keeps the leeway; every other connection ends at `exp` (A4).
        expires = claims.exp if claims.exp > time.time() else claims.exp + self.leeway_s
        granted = NONE if item is None else rights_on(claims.items, item)
        can = self._bans.restrict(granted, claims.sub, item, now_ms())
        return Member(caller.person, can, expires, claims.iat, caller.digest, granted)

    def restricted(self, member: Member, item: str) -> Member:
        """Return a member who was authenticated a moment ago with the rights that bans leave now (A8)."""
        if member.granted is None:
            return member
        return replace(member, can=self._bans.restrict(member.granted, member.person.id, item, now_ms()))

    async def renew(self, token: str, item: str, person: Person) -> Member:
        """Return the member that a fresh token makes of `person` on an item (A4). Raises Refusal as `renew_caller`."""
        return self.member_on(await self.renew_caller(token, person), item)

    async def renew_caller(self, token: str, person: Person) -> Caller:
        """Return the caller that a fresh token makes of `person` (A4); they keep the name that they already have.

        Raises:
            Refusal: 4400 in open mode, 4401 if the token is not valid or is another member's, 4403 if it was revoked.

        """
        if self.open:
            raise Refusal(Code.INVALID, Close.INVALID, "open mode has no tokens to renew")
        caller = await self.authenticate(token)
        if caller.person.id != person.id:
            other = "the fresh token is another member's; open a separate connection for that member"
            raise Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, other)
        return Caller(person, caller.claims, caller.digest)

    def recheck(self, member: Member, item: str | None) -> None:
        """Check that a member who was authenticated a moment ago is still admitted to the item.

        Raises:
            Refusal: 4401 if the token expired or the login ended, 4403 if access was revoked.

        """
        if member.expires is not None and member.expires <= time.time():
            raise token_expired()
        self._revocations.check(member.person.id, item, member.iat, member.digest)
        if member.granted is not None:
            self._bans.check(member.person.id, item, now_ms())

    def ban_of(self, member: str, item: str | None) -> Ban | None:
        """Return the member's ban on exactly this item (None: on all items), if it counts now."""
        return self._bans.get(member, item, now_ms())

    def may_moderate(self, caller: Caller, item: str | None) -> bool:
        """Return whether the caller may moderate the item; None: every item (A7).

        Raises:
            Refusal: 4403 if the caller's access to the item was revoked.

        """
        if item is not None:
            return "moderate" in self.member_on(caller, item).can
        return caller.claims is not None and "m" in caller.claims.items.get("*", "")

    def readable_ranges(self, caller: Caller) -> list[Range]:
        """Return the ranges of items that the caller may read, without items where access was revoked (A7)."""
        claims = caller.claims
        if claims is None:
            return [ALL_ITEMS]
        # An item that was ever revoked may be readable again with a newer token.
        suspects = {*self._revocations.items_of(claims.sub), *self._bans.items_of(claims.sub)}
        revoked = [item for item in suspects if not self.may_read(caller, item)]
        return readable_ranges(claims.items, revoked)

    def may_read(self, caller: Caller, item: str) -> bool:
        """Return whether the caller may read the item now."""
        try:
            return "read" in self.member_on(caller, item).can
        except Refusal:
            return False
