"""What was taken back before its time: members' tokens (A7), and sessions that ended (W5).

Revocations are entries of a room that nobody can name from outside, and every process reads it like any reader:
so they are durable, ordered, announced, and healed from the log when an announcement is lost.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from math import ceil, floor, inf, nextafter
from typing import Final

import msgspec
from msgspec.structs import replace

from alcove.errors import Close, Code, Reason, Refusal
from alcove.protocol import Entry, Person
from alcove.wire.connection import Frame

#: Its item id; `!` is no letter of an item's id (H3).
ROOM = "!revoked"
#: When a client with a token from a late clock should try again, in ms.
_RETRY_MS = 1000
#: Ended sessions that are kept beyond their tokens' time, before they are swept out.
_SWEEP = 1000
#: Who writes there.
OPERATOR = Person("!operator", "operator")


class Revoked(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an entry: a member's tokens made up to `at`, on one item or all; or one token, until it `expires`."""

    at: float
    sub: str | None = None
    item: str | None = None
    digest: str | None = None
    expires: float = 0
    #: The `iat` from which a member's tokens count again: later than any that a clock within the leeway can have
    #: written before the revocation. 0 in entries of earlier versions: just after `at`.
    not_before: int = 0

    @property
    def counts_from(self) -> float:
        """Return the earliest `iat`, in seconds, that this does not cover."""
        return self.not_before or nextafter(self.at, inf)

    @classmethod
    def member(cls, sub: str, item: str | None, leeway_s: float) -> "Revoked":
        """Revoke what a member has now, on one item or all (A7).

        Whole seconds, and strictly later than any clock within the leeway shows now: most signers write an integer
        `iat`, and a token that was signed before the revocation must not survive it.
        """
        now = time.time()
        return cls(now, sub=sub, item=item, not_before=floor(now + leeway_s) + 1)


class _Line(msgspec.Struct):
    type: str


def digest(token: str) -> str:
    """What is kept of a token: enough to know it again, nothing to use it (A6).

    Its signature is left out: whoever holds a token can write the same signature in another way (ES256's `s`, or `=`
    behind it), and the token would count again.
    """
    return sha256(token.rpartition(".")[0].encode(errors="surrogatepass")).hexdigest()


def expired() -> Refusal:
    """What one hears whose token's time is over (A4)."""
    return Refusal(
        Code.UNAUTHENTICATED,
        Close.UNAUTHENTICATED,
        "the token expired; come back with a new one",
        reason=Reason.EXPIRED,
    )


def session_ended() -> Refusal:
    """What one hears whose session was ended (W5)."""
    return Refusal(
        Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, "this session was ended; sign in again", reason=Reason.SIGNED_OUT
    )


def revoked_on(item: str | None, retry_ms: int | None = None) -> Refusal:
    """Refuse whose tokens were revoked, on an item or everywhere (A7); `retry_ms`: a new token may count from then."""
    where = "" if item is None else f" on {item}"
    message = f"your access{where} was revoked; ask for a new token"
    if retry_ms is None:
        return Refusal(Code.FORBIDDEN, Close.FORBIDDEN, message, reason=Reason.REVOKED)
    return Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, retry_ms, reason=Reason.REVOKED)


def _retry_ms(revoked: Revoked, iat: float | None) -> int | None:
    """Return when a client should come back with a new token; None: this one is known to be revoked for good.

    Until `not_before` every new token would be refused, too. For the leeway after it, one that was signed behind the
    revocation may come from a clock that is late.
    """
    now = time.time()
    if iat is None or revoked.not_before + (revoked.not_before - revoked.at) < now:
        return None
    if now < revoked.not_before:
        return ceil((revoked.not_before - now) * 1000)
    return None if iat <= revoked.at else _RETRY_MS


def again(revoked: Revoked) -> str:
    """The id under which processes store a revocation again that the log has lost."""
    return sha256(b"again " + msgspec.json.encode(revoked)).hexdigest()


class Revocations:
    """What is revoked, as far as this process has read; a Connection whose peer is this object itself."""

    def __init__(self) -> None:
        #: What to do about each one that is read.
        self.act: Callable[[Revoked], None] = lambda _: None
        #: The last revocation of a member, on one item or all.
        self._members: dict[tuple[str, str | None], Revoked] = {}
        #: For each member, the items of revocations on one item.
        self._items: dict[str, set[str]] = {}
        self._digests: dict[str, float] = {}
        self._sweep_at = _SWEEP
        self._seq = 0
        self._read = asyncio.Event()
        #: What the log still has, while it is read again from the beginning.
        self._kept: set[Revoked] | None = None

    async def reach(self, seq: int) -> None:
        """Wait until the entry `seq` was read."""
        while self._seq < seq:
            self._read.clear()
            await self._read.wait()

    def restart(self) -> list[Revoked]:
        """Prepare to read the log again from the beginning; return what is revoked. None of it is forgotten."""
        self._seq = 0
        self._kept = set()
        return [*self._members.values()] + [
            Revoked(0, digest=digest, expires=expires) for digest, expires in self._digests.items()
        ]

    def missing(self, known: Iterable[Revoked]) -> list[Revoked]:
        """Return those of `known` that the log no longer has, once it was read again."""
        kept, self._kept = self._kept or set(), None
        return [revoked for revoked in known if revoked not in kept]

    def check(self, sub: str, item: str | None, iat: float | None, token: str | None) -> None:
        """Look whether a token of `sub`, made at `iat`, still counts on the item (None: anywhere); `token`: its digest.

        Raises Refusal 4401 where its session was ended (W5), 4403 where it was revoked (A7); 4401 with `retry_ms`
        while no new token can count yet.
        """
        if token in self._digests:
            raise session_ended()
        for where in (None, item):
            revoked = self._members.get((sub, where))
            if revoked is not None and (iat is None or iat < revoked.counts_from):
                raise revoked_on(where, _retry_ms(revoked, iat))

    def items_of(self, sub: str) -> frozenset[str]:
        """Return the items on which tokens of `sub` were ever revoked."""
        return frozenset(self._items.get(sub, ()))

    # --- the Connection that the room feeds

    #: It reads lines and not their wire bytes (Connection).
    direct: Final = None

    def offer(self, frame: Frame) -> bool:
        """Read lines at once (Connection)."""
        self.write(frame)
        return True

    def write(self, frame: Frame) -> None:
        """Read lines at once (Connection)."""
        for line in frame.payload.split(b"\n"):
            if msgspec.json.decode(line, type=_Line).type == "entry":
                entry = msgspec.json.decode(line, type=Entry)
                self._seq = entry.seq
                if entry.body is not msgspec.UNSET:
                    self.take(msgspec.json.decode(entry.body, type=Revoked))
        self._read.set()

    def buffered(self) -> int:
        """Nothing waits (Connection)."""
        return 0

    async def drained(self) -> bool:
        """Nothing waits (Connection)."""
        return True

    def pause_reading(self) -> None:
        """Do nothing: there is no peer to read from (Connection)."""

    def resume_reading(self) -> None:
        """Do nothing: there is no peer to read from (Connection)."""

    def close(self, code: int, reason: str = "") -> None:
        """It ends with the process (Connection)."""

    def take(self, revoked: Revoked) -> None:
        """Take note of what one entry revokes."""
        if self._kept is not None:
            self._kept.add(revoked if revoked.digest is None else replace(revoked, at=0))
        if revoked.digest is not None and revoked.expires > (now := time.time()):
            self._digests[revoked.digest] = revoked.expires
            if len(self._digests) > self._sweep_at:
                self._digests = {digest: expires for digest, expires in self._digests.items() if expires > now}
                self._sweep_at = 2 * len(self._digests) + _SWEEP
        if revoked.sub is not None:
            known = self._members.get((revoked.sub, revoked.item))
            if known is None or known.counts_from < revoked.counts_from:  # nothing lowers a revocation
                self._members[revoked.sub, revoked.item] = revoked
                if revoked.item is not None:
                    self._items.setdefault(revoked.sub, set()).add(revoked.item)
        self.act(revoked)
