"""Keep a table of the revocations in force: of all tokens of a member (A7), and of single logins (W5).

Revocations are stored as entries of an internal room, which every process reads like any other room. They are
therefore durable and ordered, and reach every process even if a message between processes is lost.
"""

import time
from hashlib import sha256
from math import ceil, floor, inf, nextafter

import msgspec

from alcove.access.refusals import access_revoked, login_ended
from alcove.protocol import Person

#: The item of the room that holds the revocations. `!` is not allowed in item ids (H3), so no client can open it.
REVOCATIONS_ITEM = "!revoked"
#: The author of the entries of internal rooms.
OPERATOR = Person("!operator", "operator")
#: Milliseconds after which a client should retry if the clock of its token's signer is behind.
_RETRY_MS = 1000
#: How many revoked tokens may be added before those that have expired are removed.
_SWEEP_MARGIN = 1000


class Revocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A revocation of all tokens of one member, or of one token; the body of an entry of the internal room.

    All times are in seconds since the epoch.

    Attributes:
        at: When the revocation was made.
        sub: The member whose tokens are revoked; None if `digest` names one token.
        item: The item on which the member's tokens are revoked; None: on all items.
        digest: The digest of the one token that is revoked (`token_digest`).
        expires: When the token of `digest` expires; the revocation need not be kept longer.
        not_before: The lowest `iat` that is accepted from now on. It is later than any `iat` that a clock within the
            leeway can have written before the revocation. 0 in entries of earlier versions: just after `at`.

    """

    at: float
    sub: str | None = None
    item: str | None = None
    digest: str | None = None
    expires: float = 0
    not_before: int = 0

    @classmethod
    def of_member(cls, sub: str, item: str | None, leeway_s: float) -> "Revocation":
        """Create the revocation of all tokens that a member has now, on one item or all (A7).

        `not_before` is in whole seconds, and later than any clock within the leeway shows now: most applications write
        an integer `iat`, and a token that was signed before the revocation must not stay valid.

        Args:
            sub: The member's id.
            item: The item id; None: all items.
            leeway_s: Seconds by which the signing application's clock may differ from this one.

        """
        now = time.time()
        return cls(now, sub=sub, item=item, not_before=floor(now + leeway_s) + 1)

    @classmethod
    def of_login(cls, digest: str, expires: float) -> "Revocation":
        """Create the revocation that ends one login, by revoking its token (W5).

        Args:
            digest: The token's digest (`token_digest`).
            expires: When the token expires, in seconds since the epoch.

        """
        return cls(time.time(), digest=digest, expires=expires)

    @property
    def earliest_valid_iat(self) -> float:
        """The earliest `iat` that is not revoked, in seconds since the epoch."""
        return self.not_before or nextafter(self.at, inf)

    def covers(self, iat: float | None) -> bool:
        """Return whether a token of the member with this `iat` (seconds) is revoked; one without `iat` always is."""
        return iat is None or iat < self.earliest_valid_iat


def token_digest(token: str) -> str:
    """Hash a token to identify it in the table of revocations; the digest cannot be used as a credential (A6).

    The signature is left out: the holder of a token can write a valid signature in another form (another `s` of ES256,
    or an appended `=`), and the token must stay revoked in every form.
    """
    return sha256(token.rpartition(".")[0].encode(errors="surrogatepass")).hexdigest()


class Revocations:
    """The table of the revocations in force that this process knows."""

    def __init__(self) -> None:
        """Create an empty table."""
        #: The last revocation by member and item (None: on all items).
        self._members: dict[tuple[str, str | None], Revocation] = {}
        #: By member, the items that were revoked one by one.
        self._items: dict[str, set[str]] = {}
        #: When revoked tokens expire, by digest.
        self._token_expiries: dict[str, float] = {}
        #: Above this number of revoked tokens, the expired ones are removed.
        self._sweep_size = _SWEEP_MARGIN

    def __repr__(self) -> str:
        return f"<Revocations members={len(self._members)} tokens={len(self._token_expiries)}>"

    def __len__(self) -> int:
        return len(self._members) + len(self._token_expiries)

    def add(self, revocation: Revocation) -> None:
        """Store a revocation, unless a later one of the same member and item is already stored.

        The revocation of a single token is removed some time after that token has expired.
        """
        if revocation.digest is not None and revocation.expires > (now := time.time()):
            self._token_expiries[revocation.digest] = revocation.expires
            if len(self._token_expiries) > self._sweep_size:
                self._token_expiries = {
                    digest: expires for digest, expires in self._token_expiries.items() if expires > now
                }
                self._sweep_size = 2 * len(self._token_expiries) + _SWEEP_MARGIN
        if revocation.sub is not None:
            present = self._members.get((revocation.sub, revocation.item))
            if present is None or present.earliest_valid_iat < revocation.earliest_valid_iat:
                self._members[revocation.sub, revocation.item] = revocation
                if revocation.item is not None:
                    self._items.setdefault(revocation.sub, set()).add(revocation.item)

    def check(self, sub: str, item: str | None, iat: float | None, digest: str | None) -> None:
        """Check that a token is not revoked.

        Args:
            sub: The member's id.
            item: The item that is accessed; None: no item.
            iat: When the token was issued, in seconds since the epoch; None if the token has no `iat`.
            digest: The token's digest; None if there is no token.

        Raises:
            Refusal: 4401 if the token's login was ended (W5); 4403 if the token was revoked (A7), or instead 4401 with
                `retry_ms` if a new token may be refused for a moment, too.

        """
        if digest in self._token_expiries:
            raise login_ended()
        for revoked_item in (None, item):
            revocation = self._members.get((sub, revoked_item))
            if revocation is not None and revocation.covers(iat):
                raise access_revoked(revoked_item, digest, _retry_ms(revocation, iat))

    def items_of(self, sub: str) -> frozenset[str]:
        """Return the items on which tokens of the member were revoked; a revocation on all items is not listed."""
        return frozenset(self._items.get(sub, ()))

    def current(self) -> list[Revocation]:
        """List the revocations in force; those of single tokens have `at` 0, because the time is not kept."""
        now = time.time()
        logins = [
            Revocation(0, digest=digest, expires=end) for digest, end in self._token_expiries.items() if end > now
        ]
        return [*self._members.values(), *logins]


def _retry_ms(revocation: Revocation, iat: float | None) -> int | None:
    """Compute after how many milliseconds a client should ask for a new token; None: this token stays revoked.

    Until `not_before`, every new token would be refused. For one leeway after `not_before`, a token that was signed
    after the revocation may still have an earlier `iat`, because the signer's clock may be behind.

    Args:
        revocation: The revocation that covers the token.
        iat: When the token was issued, in seconds since the epoch; None if the token has no `iat`.

    """
    now = time.time()
    if iat is None or revocation.not_before + (revocation.not_before - revocation.at) < now:
        return None
    if now < revocation.not_before:
        return ceil((revocation.not_before - now) * 1000)
    return None if iat <= revocation.at else _RETRY_MS
