"""The gate: what a credential is worth, here and now (A)."""

import base64
import binascii
import ipaddress
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256

from msgspec.structs import replace

from alcove.access.refusals import RefusedCredentials
from alcove.access.revocations import Revocations, digest, expired
from alcove.access.rights import NONE, rights_on
from alcove.access.tokens import Claims, Keys
from alcove.access.unauthenticated import Pending, Unauthenticated
from alcove.errors import Close, Code, Refusal
from alcove.item_ranges import ALL_ITEMS, Range, readable_ranges
from alcove.limits import KeyedLimiter
from alcove.observability.metrics import LIMITS
from alcove.origins import Origins
from alcove.protocol import Member, Person, Right
from alcove.proxies import Proxies

_OPEN_RIGHTS: frozenset[Right] = frozenset({"read", "write"})
_OPEN_COOKIE = "open."


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a good credential; `claims` and `digest` of the token are None in open mode."""

    person: Person
    claims: Claims | None = None
    digest: str | None = None


class Authenticator:
    """Checks credentials. Without keys it stands open: whatever credential comes enters by the name it gives (A2)."""

    def __init__(
        self,
        keys: Keys | None,
        revocations: Revocations,
        *,
        origins: Origins | None = None,
        leeway_s: float = 0,
        local_only: bool = False,
        handshakes: KeyedLimiter[str] | None = None,
        refusals: RefusedCredentials | None = None,
        unauthenticated: Unauthenticated | None = None,
        proxies: Proxies | None = None,
    ) -> None:
        self.keys = keys
        self.revocations = revocations
        self.origins = origins or Origins()
        self.leeway_s = leeway_s
        self._local_only = local_only and self.open
        self._handshakes = KeyedLimiter(0, 1) if handshakes is None else handshakes  # an empty table is false
        self._refusals = refusals or RefusedCredentials(KeyedLimiter(0, 1), KeyedLimiter(0, 1))
        self._unauthenticated = Unauthenticated(sys.maxsize) if unauthenticated is None else unauthenticated
        self._proxies = proxies or Proxies([])

    @property
    def open(self) -> bool:
        """Whether this is open mode."""
        return self.keys is None

    async def authenticate(self, credential: str, name: str | None = None) -> Caller:
        """Who the credential stands for. Raises Refusal 4401, and 4403 where it was revoked."""
        if self.keys is None:
            known_as = name or open_name(credential) or "Guest"
            id_ = sha256(f"{credential}\0{known_as}".encode(errors="surrogatepass")).hexdigest()[:16]
            return Caller(Person(id_, known_as))
        claims = await self.keys.check(credential)
        known = digest(credential)
        self.revocations.check(claims.sub, None, claims.iat, known)
        return Caller(Person(claims.sub, claims.name), claims, known)

    async def try_authenticate(self, credential: str) -> Caller | None:
        """Return who the credential stands for, or None where it is no good token of ours."""
        try:
            return await self.authenticate(credential)
        except Refusal as refusal:
            if refusal.close is Close.UNAUTHENTICATED:
                return None
            raise

    def member_on(self, caller: Caller, item: str | None) -> Member:
        """The caller's rights on an item (None: beside all items). Raises Refusal 4403 where they were revoked."""
        claims = caller.claims
        if claims is None:
            return Member(caller.person, _OPEN_RIGHTS)
        self.revocations.check(claims.sub, item, claims.iat, caller.digest)
        # One let in within the leeway keeps it; anyone else goes at `exp` (A4).
        expires = claims.exp if claims.exp > time.time() else claims.exp + self.leeway_s
        can = NONE if item is None else rights_on(claims.items, item)
        return Member(caller.person, can, expires, claims.iat, caller.digest)

    async def renew(self, token: str, item: str, person: Person) -> Member:
        """The member that a fresh token makes of `person`; the name stays the one that the room knows (A4).

        Raises Refusal.
        """
        if self.keys is None:
            raise Refusal(Code.INVALID, Close.INVALID, "open mode has no tokens to renew")
        member = await self.member(token, item)
        if member.person.id != person.id:
            other = "the fresh token is another member's; open a connection of their own"
            raise Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, other)
        return replace(member, person=person)

    def recheck(self, member: Member, item: str | None) -> None:
        """Look whether the member, let in a moment ago, still may be here. Raises Refusal 4401 or 4403."""
        if member.expires is not None and member.expires <= time.time():
            raise expired()
        self.revocations.check(member.person.id, item, member.iat, member.digest)

    async def member(self, credential: str, item: str) -> Member:
        """The member a token stands for on an item. Raises Refusal."""
        return self.member_on(await self.authenticate(credential), item)

    def may_moderate(self, caller: Caller, item: str | None) -> bool:
        """Return whether the caller may moderate the item; None: every item (A7). Raises Refusal 4403."""
        if item is not None:
            return "moderate" in self.member_on(caller, item).can
        return caller.claims is not None and "m" in caller.claims.items.get("*", "")

    def readable_ranges(self, caller: Caller) -> list[Range]:
        """Return ranges of the items that the caller may read, without those where access was revoked (A7)."""
        if caller.claims is None:
            return [ALL_ITEMS]
        revoked = self.revocations.items_of(caller.claims.sub)
        return readable_ranges(caller.claims.items, [item for item in revoked if not self.may_read(caller, item)])

    def may_read(self, caller: Caller, item: str) -> bool:
        """Whether the caller may read the item."""
        try:
            return "read" in self.member_on(caller, item).can
        except Refusal:
            return False

    # --- addresses

    def check_server(self, address: str) -> None:
        """Raises Refusal 4403 where open mode would let anyone in: at an address that other machines reach (A2)."""
        if self._local_only and not loopback(address):
            message = "open mode lets in this machine only; set ALCOVE_SECRET or ALCOVE_JWKS, or ALCOVE_ALLOW_OPEN=true"
            raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, message)

    def check_handshake(self, address: str, now: float) -> None:
        """Raises Refusal 4429 for an address that opens sockets too fast, whatever it brings (L)."""
        if retry_ms := self._handshakes.take(address, now):
            LIMITS.labels("handshakes").inc()
            message = "too many handshakes from your address"
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, retry_ms)

    async def admit(self, credential: str, name: str | None, address: str) -> Caller:
        """Return who the credential stands for; count refusals. Raises Refusal 4401, 4403, or 4429 (L)."""
        if self.open:
            return await self.authenticate(credential, name)
        self._refusals.check(credential, address, time.monotonic())
        try:
            found = await self.authenticate(credential, name)
        except Refusal:
            self._refusals.refused(credential, address, time.monotonic())
            raise
        self._refusals.accepted(credential)
        return found

    def request(self, address: str, host: str) -> AbstractContextManager[Pending]:
        """Count a request of the address until it is authenticated; `host` is whom it comes from, maybe a proxy.

        Raises Refusal 4429 on entering, for an address that has too many in progress (L).
        """
        return self._unauthenticated.request(address, exempt=host in self._proxies)


def loopback(address: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def open_cookie(name: str, salt: str) -> str:
    """The cookie of an open-mode session: a name and something that makes it one's own (W5)."""
    return f"{_OPEN_COOKIE}{base64.urlsafe_b64encode(name.encode()).decode().rstrip('=')}.{salt}"


def open_name(cookie: str) -> str | None:
    """The name in such a cookie; None: it is another credential."""
    if not cookie.startswith(_OPEN_COOKIE) or cookie.count(".") != 2:
        return None
    name = cookie.split(".")[1]
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode().replace("\0", "")[:64] or None
    except (binascii.Error, ValueError):
        return None
