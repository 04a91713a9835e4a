"""Whether storage takes writes, as `/readyz` says it (W7, X8)."""

import asyncio

from alcove.storage.readiness import StorageCheck
from tests.doubles import Clock, HeldLog, turn


class Asked:
    """A check of a log that is held."""

    def __init__(self) -> None:
        self.log = HeldLog()
        self.clock = Clock()
        self.failing = False
        self.check = StorageCheck(self.log, lambda: self.failing, self.clock)

    async def answer(self, *, full: bool = False) -> bool:
        """Ask, and let the log answer."""
        asking = asyncio.create_task(self.check.writable())
        await turn()
        while self.log.held:
            self.log.settle("nothing stored" if full else None)
            await turn()
        return await asking


async def test_w7_a_write_that_is_committed_is_an_answer_for_a_second() -> None:
    asked = Asked()
    assert await asked.answer()
    asked.clock.now += 0.9
    assert await asked.check.writable()
    asked.clock.now += 0.2

    assert not await asked.answer(full=True)
    assert await asked.answer()


async def test_x8_a_failed_commit_makes_the_last_answer_void() -> None:
    asked = Asked()
    assert await asked.answer()
    asked.failing = True

    assert not await asked.answer(full=True)


async def test_w7_those_who_ask_at_once_share_one_write() -> None:
    asked = Asked()
    asking = [asyncio.create_task(asked.check.writable()) for _ in range(3)]
    await turn()
    assert 1 == len(asked.log.held)
    asked.log.settle()

    assert [True] * 3 == await asyncio.gather(*asking)
