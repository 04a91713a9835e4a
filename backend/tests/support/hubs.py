"""A hub on a log in memory whose every call waits until the test lets it go on."""

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
from tests.support.turns import turn


class HeldHub:
    """A hub on a log that is held."""

    def __init__(
        self,
        retention: Retention | None = None,
        *,
        bounds: ProcessLimits | None = None,
        authenticator: Authenticator | None = None,
    ) -> None:
        self.log = HeldLog(retention)
        self.hub = Hub(
            self.log, limits=Limits(60_000, 0, 1), retention=retention, bounds=bounds, authenticator=authenticator
        )

    async def settle(self) -> None:
        """Let storage do all it has to do."""
        await turn()
        while self.log.held:
            self.log.settle()
            await turn()

    async def read(self) -> None:
        """Let storage answer what is read, and leave what is written."""
        await turn()
        while reads := [held for held in self.log.held if not held.writes]:
            for read in reads:
                read.perform()
                self.log.answer(read)
            await turn()

    async def join(
        self, member: Member, *, after: int | None = 0, reads: bool = True, item: str = "foo"
    ) -> tuple[Session, FakeConnection]:
        """Join the item's room and read what is there. Raises Refusal."""
        return await self.join_at(StartPosition(after=after), member, reads=reads, item=item)

    async def join_at(
        self, start: StartPosition, member: Member, *, reads: bool = True, item: str = "foo"
    ) -> tuple[Session, FakeConnection]:
        """Join the item's room at a start position. Raises Refusal."""
        socket = FakeConnection(reads=reads)
        joining = asyncio.create_task(self.hub.join(item, socket, member, start))
        await self.settle()
        return await joining, socket

    async def refusal(self, member: Member, *, item: str = "foo") -> Refusal:
        """Return why the member is not let in."""
        try:
            await self.join(member, item=item)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"{member.person.id} was let in")

    async def close(self) -> None:
        """End what rooms have scheduled, and close the log."""
        for room in self.hub._rooms.all():
            room.close()
        await self.log.close()
