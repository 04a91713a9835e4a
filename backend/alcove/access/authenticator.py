"""Authenticate credentials, and compute the rights of the authenticated caller on an item (A)."""

import time
from dataclasses import dataclass

from msgspec import UNSET
from msgspec.structs import replace

from alcove.access.bans import Ban, Bans
from alcove.access.open_mode import OPEN_RIGHTS, open_person
from alcove.access.refusals import access_expired
from alcove.access.revocations import Revocations, token_digest
from alcove.access.rights import NO_RIGHTS, rights_on
from alcove.access.tokens import Claims, Keys
from alcove.clock import now_ms
from alcove.errors import Close, Code, Refusal
from alcove.item_ranges import ALL_ITEMS, Range, readable_ranges
from alcove.protocol import Member, Person


@dataclass(frozen=True, slots=True)
class Caller:
    """A person whose credential was accepted.

    Attributes:
        person: The public profile: id, name, and the picture and role of the token, if the token has them.
        claims: The claims of the token; None in open mode.
        digest: The hash by which the token can be revoked (`token_digest`); None in open mode.

    """

    person: Person
    claims: Claims | None = None
    digest: str | None = None


class Authenticator:
    """Authenticates credentials and computes rights. Without keys (open mode) it accepts every credential (A2)."""

    def __init__(
        self, keys: Keys | None, revocations: Revocations, bans: Bans | None = None, *, leeway_s: float = 0
    ) -> None:
        """Store the keys, and the tables of revocations and bans. Other code keeps the tables up to date.

        Args:
            keys: The keys that tokens are verified with; None for open mode.
            revocations: The revoked tokens and logins.
            bans: The banned members (A8); None: there are no bans.
            leeway_s: Seconds by which the clock of the application that signs tokens may differ from this process's.

        """
        self._keys = keys
        self._revocations = revocations
        self._bans = Bans() if bans is None else bans
        self.leeway_s = leeway_s

    def __repr__(self) -> str:
        return f"<Authenticator {'open mode' if self.open else repr(self._keys)}>"

    @property
    def open(self) -> bool:
        """Whether the server runs in open mode, without keys (A2)."""
        return self._keys is None

    async def authenticate(self, credential: str, name: str | None = None) -> Caller:
        """Verify a credential, check the revocations and bans that apply to all items, and return the caller.

        Args:
            credential: A token. In open mode any text: callers with one name and different texts get different ids.
            name: The name that the caller chooses in open mode; ignored otherwise, because the token gives the name.

        Raises:
            Refusal: 4401 if the token is not valid, 4403 if it was revoked or the member is banned.

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
        """Authenticate a credential like `authenticate`, but return None where that raises 4401.

        Raises:
            Refusal: 4403 if the token is valid, but revoked, or its member is banned.

        """
        try:
            return await self.authenticate(credential)
        except Refusal as refusal:
            if refusal.close_code is Close.UNAUTHENTICATED:
                return None
            raise

    def member_on(self, caller: Caller, item: str | None) -> Member:
        """Return the caller as a member with rights on an item: those of the token, without what bans take away.

        Args:
            caller: The authenticated caller.
            item: The item id; None: no item, which gives a member without rights.

        Raises:
            Refusal: 4401 or 4403 if the caller's access to the item was revoked, 4403 if they are banned from it.

        """
        claims = caller.claims
        if claims is None:
            return Member(caller.person, OPEN_RIGHTS)
        self._revocations.check(claims.sub, item, claims.iat, caller.digest)
        self._bans.check(claims.sub, item, now_ms())
        # A token accepted after `exp`, within the leeway, is valid until the leeway ends; others until `exp` (A4).
        expires = claims.exp if claims.exp > time.time() else claims.exp + self.leeway_s
        granted = NO_RIGHTS if item is None else rights_on(claims.items, item)
        can = self._bans.restrict(granted, claims.sub, item, now_ms())
        return Member(caller.person, can, expires, claims.iat, caller.digest, granted)

    def apply_bans(self, member: Member, item: str) -> Member:
        """Return a member, authenticated a moment ago, with the rights that the current bans leave them (A8).

        In open mode there are no bans, and the member is returned unchanged.
        """
        if member.granted is None:
            return member
        return replace(member, can=self._bans.restrict(member.granted, member.person.id, item, now_ms()))

    async def renew(self, token: str, item: str, person: Person) -> Member:
        """Verify a fresh token for an open connection, and return the member with its rights on the item (A4).

        Args:
            token: The fresh token.
            item: The item of the connection.
            person: The person who opened the connection. Their name stays, even if the token has another one.

        Raises:
            Refusal: See `renew_caller` and `member_on`.

        """
        return self.member_on(await self.renew_caller(token, person), item)

    async def renew_caller(self, token: str, person: Person) -> Caller:
        """Verify a fresh token of `person`, and return a caller with its claims and the unchanged `person` (A4).

        Raises:
            Refusal: 4400 in open mode, 4401 if the token is not valid or another member's, 4403 if it was revoked or
                the member is banned.

        """
        if self.open:
            raise Refusal(Code.INVALID, Close.INVALID, "open mode has no tokens to renew")
        caller = await self.authenticate(token)
        if caller.person.id != person.id:
            message = "the fresh token is another member's; open a separate connection for that member"
            raise Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message)
        return Caller(person, caller.claims, caller.digest)

    def recheck(self, member: Member, item: str | None) -> None:
        """Check again, after an await, that a member is still admitted to the item.

        Args:
            member: A member who was authenticated a moment ago.
            item: The item id; None: no item.

        Raises:
            Refusal: 4401 if the token expired or the login ended, 4403 if access was revoked or the member is banned.

        """
        if member.expires is not None and member.expires <= time.time():
            raise access_expired(member.digest)
        self._revocations.check(member.person.id, item, member.iat, member.digest)
        if member.granted is not None:
            self._bans.check(member.person.id, item, now_ms())

    def get_ban(self, member: str, item: str | None) -> Ban | None:
        """Return the ban in force that names this member and exactly this item, or None.

        Args:
            member: The member's id.
            item: The item id; None: return the ban on all items.

        """
        return self._bans.get(member, item, now_ms())

    def may_moderate(self, caller: Caller, item: str | None) -> bool:
        """Return whether the caller has the right `moderate` on an item, or on every item.

        Args:
            caller: The authenticated caller.
            item: The item id; None: every item, for which the token must have the letter `m` on the pattern `*` (A7).

        Raises:
            Refusal: 4401 or 4403 if the caller's access to the item was revoked, 4403 if they are banned from it.

        """
        if item is not None:
            return "moderate" in self.member_on(caller, item).can
        return caller.claims is not None and "m" in caller.claims.items.get("*", "")

    def readable_ranges(self, caller: Caller) -> list[Range]:
        """Compute the ranges of item ids that the caller may read.

        Items from which the caller is banned, or on which this token is revoked, are left out (A7, A8).
        """
        claims = caller.claims
        if claims is None:
            return [ALL_ITEMS]
        # These items may be unreadable. A token newer than a revocation may read its item again.
        candidates = {*self._revocations.items_of(claims.sub), *self._bans.items_of(claims.sub)}
        unreadable = [item for item in candidates if not self.may_read(caller, item)]
        return readable_ranges(claims.items, unreadable)

    def may_read(self, caller: Caller, item: str) -> bool:
        """Return whether the caller may read the item now; False if access was revoked or the member is banned."""
        try:
            return "read" in self.member_on(caller, item).can
        except Refusal:
            return False
