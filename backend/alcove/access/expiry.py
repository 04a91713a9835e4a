"""Close connections when a token expires or is revoked, a login ends, or a member is banned (A4, A7, A8, W5)."""

import asyncio
import time
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from math import isinf
from typing import Protocol

from alcove.access.bans import Bans
from alcove.access.refusals import access_expired, access_revoked, login_ended
from alcove.access.revocations import Revocation
from alcove.clock import now_ms
from alcove.errors import Refusal
from alcove.protocol import Member

#: Maximum seconds between two checks of the wall clock. One timer that runs until the expiry would be wrong: the event
#: loop's clock stops while the machine is suspended, and does not follow steps of the wall clock.
_RECHECK_S = 1.0
#: How many entries of the expiry queue may be out of date before the queue is rebuilt.
_MAX_STALE = 1000


class Revocable(Protocol):
    """A connection that the server can close with a reason: a room session, a list session or a tutorial socket."""

    def end(self, refusal: Refusal) -> None:
        """Send an `error` with the refusal's reason, then close with its close code."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Admission:
    """The member whose token admitted a connection, and the item that it is connected to."""

    member: Member
    item: str | None


class ExpiryWatch:
    """Tracks the connections that were admitted by a token, and ends each one when its token stops being valid.

    Connections of open mode never expire and are not tracked.
    """

    def __init__(self) -> None:
        """Create a watch without connections and without a timer."""
        self._admissions: dict[Revocable, _Admission] = {}
        #: The expiry queue: a heap of (expiry by the wall clock, number, connection, its value in `_watched`), without
        #: connections that never expire. No two numbers are equal, so the heap never compares connections.
        self._expiries: list[tuple[float, int, Revocable, _Admission]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._admissions)

    def __contains__(self, connection: Revocable) -> bool:
        return connection in self._admissions

    def __repr__(self) -> str:
        return f"<ExpiryWatch connections={len(self._admissions)} queued={len(self._expiries)}>"

    def watch(self, connection: Revocable, member: Member, item: str | None) -> None:
        """Track a connection, and end the connection when the member's token expires or is revoked, or they are banned.

        A second call for the same connection replaces the first. Call `forget` when the connection is closed.

        Args:
            connection: The connection to end.
            member: The member whose token admitted it. With `expires` None (open mode) nothing is tracked.
            item: The item that it is connected to; None for a connection that belongs to no item.

        """
        self.forget(connection)
        if member.expires is not None:
            admission = self._admissions[connection] = _Admission(member, item)
            if isinf(member.expires):
                return  # access does not expire, but it can be revoked
            heappush(self._expiries, (member.expires, next(self._numbers), connection, admission))
            if self._expiries[0][3] is admission:
                self._schedule()

    def forget(self, connection: Revocable) -> None:
        """Stop tracking a connection that was closed; do nothing if it is not tracked."""
        if (
            self._admissions.pop(connection, None) is not None
            and len(self._expiries) > 2 * len(self._admissions) + _MAX_STALE
        ):
            self._expiries = [expiry for expiry in self._expiries if self._admissions.get(expiry[2]) is expiry[3]]
            heapify(self._expiries)

    def end_revoked(self, revocation: Revocation) -> None:
        """End every tracked connection whose token the revocation covers (A7, W5).

        A token is covered by its digest, or by its member, item and `iat`.
        """
        for connection, admission in list(self._admissions.items()):
            member = admission.member
            if revocation.digest is not None and revocation.digest == member.digest:
                connection.end(login_ended())
            elif (
                revocation.sub == member.person.id
                and revocation.item in {None, admission.item}
                and revocation.covers(member.iat)
            ):
                connection.end(access_revoked(revocation.item, member.digest))

    def end_banned(self, member: str, item: str | None, bans: Bans) -> None:
        """End the connections of a member who was banned from everything (A8).

        Args:
            member: The id of the member whose bans changed.
            item: The item of the ban that changed; None: all items.
            bans: The table of bans, after the change.

        """
        for connection, admission in list(self._admissions.items()):
            if admission.member.person.id == member and item in {None, admission.item}:
                try:
                    bans.check(member, admission.item, now_ms())
                except Refusal as refusal:
                    connection.end(refusal)

    def _schedule(self) -> None:
        """Set the timer to the next expiry, at most `_RECHECK_S` ahead, when it compares with the wall clock again."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._expiries:
            remaining_s = max(0.0, self._expiries[0][0] - time.time())
            self._timer = asyncio.get_running_loop().call_later(min(remaining_s, _RECHECK_S), self._end_expired)

    def _end_expired(self) -> None:
        """End every connection whose token has expired by the wall clock, and set the timer again (A4)."""
        now = time.time()
        while self._expiries and self._expiries[0][0] <= now:
            _, _, connection, admission = heappop(self._expiries)
            if self._admissions.get(connection) is admission:
                connection.end(access_expired(admission.member.digest))
        self._schedule()
