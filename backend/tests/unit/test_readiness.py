"""Test the check of storage behind `/readyz` (W7, X8)."""

import asyncio

from alcove.storage.readiness import StorageCheck
from tests.support.held_log import HeldLog
from tests.support.turns import ManualClock, run_turns


class CheckedLog:
    """A storage check on a log whose calls the test answers."""

    def __init__(self) -> None:
        self.log = HeldLog()
        self.clock = ManualClock()
        self.commit_failed = False
        self.check = StorageCheck(self.log, lambda: self.commit_failed, self.clock)

    async def run_check(self, *, full: bool = False) -> bool:
        """Run the check and answer its call; `full` makes the call fail, as on a full disk."""
        check = asyncio.create_task(self.check.writable())
        await run_turns()
        while self.log.pending_calls:
            self.log.settle("nothing stored" if full else None)
            await run_turns()
        return await check


async def test_w7_a_committed_write_is_reused_for_a_second() -> None:
    checked = CheckedLog()
    assert await checked.run_check()
    checked.clock.now += 0.9
    assert await checked.check.writable()
    checked.clock.now += 0.2

    assert not await checked.run_check(full=True)
    assert await checked.run_check()


async def test_x8_a_failed_commit_invalidates_the_last_answer() -> None:
    checked = CheckedLog()
    assert await checked.run_check()
    checked.commit_failed = True

    assert not await checked.run_check(full=True)


async def test_w7_concurrent_checks_share_one_write() -> None:
    checked = CheckedLog()
    checks = [asyncio.create_task(checked.check.writable()) for _ in range(3)]
    await run_turns()
    assert len(checked.log.pending_calls) == 1
    checked.log.settle()

    assert await asyncio.gather(*checks) == [True] * 3
