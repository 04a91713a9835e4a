"""How long a connection may stay: until its token expires, its session ends, or its access is revoked (A4, A7, W5)."""

import asyncio
import time
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Protocol

from alcove.access.revocations import Revoked, expired, revoked_on, session_ended
from alcove.errors import Refusal
from alcove.protocol import Member

#: Seconds after which the wall clock is looked at again. A timer alone would not do: the event loop's clock stands
#: still while the machine is suspended, and knows of no step of the wall clock.
_RECHECK_S = 1.0
#: Entries of the queue of expiries that may be out of date before it is rebuilt.
_STALE = 1000


class Guest(Protocol):
    """Somebody connected whose stay can be ended."""

    def end(self, refusal: Refusal) -> None:
        """Say why, and close."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Lease:
    member: Member
    item: str | None


class Leases:
    """Every connection that a token let in. In open mode there is none, and nothing to wait for."""

    def __init__(self) -> None:
        self._leases: dict[Guest, _Lease] = {}
        #: When which lease expires, by the wall clock, the next first; the number keeps guests from being compared.
        self._expiries: list[tuple[float, int, Guest, _Lease]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._leases)

    def __contains__(self, guest: Guest) -> bool:
        return guest in self._leases

    def grant(self, guest: Guest, member: Member, item: str | None) -> None:
        """Let the guest stay on the item (None: beside all items) until the member's token expires, and not longer.

        A second time it replaces the first. `release` must follow when the connection is over.
        """
        self.release(guest)
        if member.expires is not None:
            lease = self._leases[guest] = _Lease(member, item)
            heappush(self._expiries, (member.expires, next(self._numbers), guest, lease))
            if self._expiries[0][3] is lease:
                self._schedule()

    def release(self, guest: Guest) -> None:
        """The guest is gone."""
        if self._leases.pop(guest, None) is not None and len(self._expiries) > 2 * len(self._leases) + _STALE:
            self._expiries = [expiry for expiry in self._expiries if self._leases.get(expiry[2]) is expiry[3]]
            heapify(self._expiries)

    def revoked(self, revoked: Revoked) -> None:
        """End the stay of everyone whom a revocation covers."""
        for guest, lease in list(self._leases.items()):
            member = lease.member
            if revoked.digest is not None and revoked.digest == member.digest:
                guest.end(session_ended())
            elif (
                revoked.sub == member.person.id
                and revoked.item in {None, lease.item}
                and (member.iat is None or member.iat < revoked.counts_from)
            ):
                guest.end(revoked_on(revoked.item))

    def _schedule(self) -> None:
        """Look at the clock when the next lease expires, and before that every now and then."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._expiries:
            left_s = max(0.0, self._expiries[0][0] - time.time())
            self._timer = asyncio.get_running_loop().call_later(min(left_s, _RECHECK_S), self._look)

    def _look(self) -> None:
        """End every stay whose token has expired by the wall clock."""
        now = time.time()
        while self._expiries and self._expiries[0][0] <= now:
            _, _, guest, lease = heappop(self._expiries)
            if self._leases.get(guest) is lease:
                guest.end(expired())
        self._schedule()
