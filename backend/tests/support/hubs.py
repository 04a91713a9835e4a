"""Run a hub on a HeldLog, whose storage calls wait until the test lets them continue."""

import asyncio

from alcove.access.authenticator import Authenticator
from alcove.errors import Refusal
from alcove.limits import ProcessLimits, Retention
from alcove.protocol import Limits, Member
from alcove.rooms.hub import Hub
from alcove.rooms.session import Session
from alcove.rooms.start_position import StartPosition
from tests.support.fake_connection import FakeConnection
from tests.support.held_log import HeldLog
from tests.support.turns import run_turns


class HubHarness:
    """A hub on a HeldLog, with clients in memory."""

    def __init__(
        self,
        retention: Retention | None = None,
        *,
        process_limits: ProcessLimits | None = None,
        authenticator: Authenticator | None = None,
    ) -> None:
        self.log = HeldLog(retention)
        self.hub = Hub(
            self.log,
            limits=Limits(60_000, 0, 1),
            retention=retention,
            process_limits=process_limits,
            authenticator=authenticator,
        )

    async def settle(self) -> None:
        """Perform and answer storage calls until none is waiting."""
        await run_turns()
        while self.log.pending_calls:
            self.log.settle()
            await run_turns()

    async def settle_reads(self) -> None:
        """Perform and answer the storage calls that read; those that write stay pending."""
        await run_turns()
        while calls := [call for call in self.log.pending_calls if not call.writes]:
            for call in calls:
                call.perform()
                self.log.resolve(call)
            await run_turns()

    async def join(
        self, member: Member, *, after: int | None = 0, reads: bool = True, item: str = "foo"
    ) -> tuple[Session, FakeConnection]:
        """Join the item's room after the entry `after`, and settle all storage calls. Raises Refusal.

        `reads` says whether the client reads each frame as soon as it is written.
        """
        return await self.join_at(StartPosition(after=after), member, reads=reads, item=item)

    async def join_at(
        self, start: StartPosition, member: Member, *, reads: bool = True, item: str = "foo"
    ) -> tuple[Session, FakeConnection]:
        """Join the item's room at a start position. Raises Refusal."""
        connection = FakeConnection(reads=reads)
        joining = asyncio.create_task(self.hub.join(item, connection, member, start))
        await self.settle()
        return await joining, connection

    async def expect_refusal(self, member: Member, *, item: str = "foo") -> Refusal:
        """Return the refusal that the member gets when joining the item's room."""
        try:
            await self.join(member, item=item)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"expected a refusal, but {member.person.id} joined")

    async def close(self) -> None:
        """Cancel the timers of the rooms, and close the log."""
        for room in self.hub._rooms.all():
            room.close()
        await self.log.close()
