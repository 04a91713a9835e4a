"""Test that read marks of several rooms are stored in shared transactions (P5)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from alcove.protocol import Person, raw
from alcove.storage.base import Draft, LogUnavailableError
from alcove.storage.read_marks import ReadMarkWriter
from tests.support.held_log import HeldLog
from tests.support.turns import run_turns


@pytest.fixture
async def log() -> AsyncIterator[HeldLog]:
    """Create a held log whose rooms `a` to `d` have ten entries each; close it afterwards."""
    log = HeldLog()
    log.store.append(
        [Draft(item, "message", str(n), Person("ada", "Ada"), 1, raw(n)) for item in "abcd" for n in range(10)]
    )
    yield log
    await log.close()


async def test_p5_marks_that_arrive_during_a_transaction_share_the_next_one(log: HeldLog) -> None:
    writer = ReadMarkWriter(log)
    first_task = asyncio.create_task(writer.store("a", {"ada": 3}))
    await run_turns()
    next_tasks = [asyncio.create_task(writer.store(item, {"ada": 5, "bob": 99})) for item in "bcd"]
    await run_turns()
    assert len(log.pending_calls) == 1

    log.settle()
    await run_turns()
    assert len(log.pending_calls) == 1
    log.settle()
    assert await first_task == {"ada": 3}
    assert await asyncio.gather(*next_tasks) == [{"ada": 5, "bob": 10}] * 3


async def test_p5_the_greater_of_two_waiting_marks_is_stored(log: HeldLog) -> None:
    writer = ReadMarkWriter(log)
    tasks = [asyncio.create_task(writer.store("a", {"ada": seq})) for seq in (7, 4)]
    await run_turns()
    log.settle()

    assert await asyncio.gather(*tasks) == [{"ada": 7}] * 2


async def test_p5_a_transaction_takes_a_bounded_number_of_marks(log: HeldLog) -> None:
    writer = ReadMarkWriter(log)
    # A transaction takes at most 1000 marks.
    batches = [{f"{batch}-{n}": 1 for n in range(500)} for batch in range(3)]
    tasks = [asyncio.create_task(writer.store("a", marks)) for marks in batches]
    await run_turns()
    log.settle()
    await run_turns()
    assert [task.done() for task in tasks] == [True, True, False]
    log.settle()
    await asyncio.gather(*tasks)


async def test_s7_p5_a_failed_batch_raises_for_each_room(log: HeldLog) -> None:
    writer = ReadMarkWriter(log)
    failing_tasks = [asyncio.create_task(writer.store(item, {"ada": 1})) for item in "ab"]
    await run_turns()
    wait_task = asyncio.create_task(writer.wait_stored("b"))
    next_task = asyncio.create_task(writer.store("c", {"ada": 1}))
    await run_turns()
    assert not wait_task.done()
    log.settle("nothing stored")
    outcomes = await asyncio.gather(*failing_tasks, return_exceptions=True)
    await wait_task
    await run_turns()
    log.settle()

    assert [type(outcome) for outcome in outcomes] == [LogUnavailableError] * 2
    assert await next_task == {"ada": 1}
