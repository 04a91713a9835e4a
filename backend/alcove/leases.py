"""How long a connection may stay: until its token expires, its session ends, or its access is revoked (A4, A7, W5)."""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from alcove.errors import Refusal
from alcove.protocol import Member
from alcove.revocations import Revoked, expired, revoked_on, session_ended


class Guest(Protocol):
    """Somebody connected whose stay can be ended."""

    def end(self, refusal: Refusal) -> None:
        """Say why, and close."""
        ...


@dataclass(frozen=True, slots=True)
class _Lease:
    member: Member
    item: str | None
    timer: asyncio.TimerHandle


class Leases:
    """Every connection that a token let in. In open mode there is none, and nothing to wait for."""

    def __init__(self) -> None:
        self._leases: dict[Guest, _Lease] = {}

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
            timer = asyncio.get_running_loop().call_later(member.expires - time.time(), guest.end, expired())
            self._leases[guest] = _Lease(member, item, timer)

    def release(self, guest: Guest) -> None:
        """The guest is gone."""
        if lease := self._leases.pop(guest, None):
            lease.timer.cancel()

    def revoked(self, revoked: Revoked) -> None:
        """End the stay of everyone whom a revocation covers."""
        for guest, lease in list(self._leases.items()):
            member = lease.member
            if revoked.digest is not None and revoked.digest == member.digest:
                guest.end(session_ended())
            elif (
                revoked.sub == member.person.id
                and revoked.item in {None, lease.item}
                and (member.iat is None or member.iat <= revoked.at)
            ):
                guest.end(revoked_on(revoked.item))
