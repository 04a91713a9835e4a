"""What was taken back before its time: members' tokens (A7), and sessions that ended (W5).

Revocations are entries of a room that nobody can name from outside, and every process reads it like any reader:
so they are durable, ordered, announced, and healed from the log when an announcement is lost.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from alcove.errors import Close, Code, Reason, Refusal
from alcove.protocol import Entry, Person
from alcove.wire.connection import Frame

#: Its item id; `!` is no letter of an item's id (H3).
ROOM = "!revoked"
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


def revoked_on(item: str | None) -> Refusal:
    """What one hears whose tokens were revoked, on an item or everywhere (A7)."""
    where = "" if item is None else f" on {item}"
    return Refusal(
        Code.FORBIDDEN, Close.FORBIDDEN, f"your access{where} was revoked; ask for a new token", reason=Reason.REVOKED
    )


def again(revoked: Revoked) -> str:
    """The id under which processes store a revocation again that the log has lost."""
    return sha256(b"again " + msgspec.json.encode(revoked)).hexdigest()


class Revocations:
    """What is revoked, as far as this process has read; a Connection whose peer is this object itself."""

    def __init__(self) -> None:
        #: What to do about each one that is read.
        self.act: Callable[[Revoked], None] = lambda _: None
        self._members: dict[tuple[str, str | None], float] = {}
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
        members = [Revoked(at, sub, item) for (sub, item), at in self._members.items()]
        return members + [Revoked(0, digest=digest, expires=expires) for digest, expires in self._digests.items()]

    def missing(self, known: Iterable[Revoked]) -> list[Revoked]:
        """Return those of `known` that the log no longer has, once it was read again."""
        kept, self._kept = self._kept or set(), None
        return [revoked for revoked in known if revoked not in kept]

    def check(self, sub: str, item: str | None, iat: float | None, token: str | None) -> None:
        """Look whether a token of `sub`, made at `iat`, still counts on the item (None: anywhere); `token`: its digest.

        Raises Refusal 4401 where its session was ended (W5), 4403 where it was revoked (A7).
        """
        if token in self._digests:
            raise session_ended()
        for where in (None, item):
            at = self._members.get((sub, where))
            if at is not None and (iat is None or iat <= at):
                raise revoked_on(where)

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
            self._members[revoked.sub, revoked.item] = revoked.at
        self.act(revoked)
