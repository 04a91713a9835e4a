"""Marks of many rooms on their way into the log (P5)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from alcove.protocol import Person, raw
from alcove.storage.base import Draft, LogUnavailableError
from alcove.storage.read_marks import ReadMarkWriter
from tests.doubles import HeldLog, turn


@pytest.fixture
async def log() -> AsyncIterator[HeldLog]:
    """A held log whose rooms `a` to `d` have ten entries each."""
    made = HeldLog()
    made.store.append(
        [Draft(item, "message", str(n), Person("ada", "Ada"), 1, raw(n)) for item in "abcd" for n in range(10)]
    )
    yield made
    await made.close()


async def test_p5_while_marks_are_stored_those_of_other_rooms_gather_into_one_transaction(log: HeldLog) -> None:
    marks = ReadMarkWriter(log)
    first = asyncio.create_task(marks.store("a", {"ada": 3}))
    await turn()
    others = [asyncio.create_task(marks.store(item, {"ada": 5, "bob": 99})) for item in "bcd"]
    await turn()
    assert 1 == len(log.held)

    log.settle()
    await turn()
    assert 1 == len(log.held)
    log.settle()
    assert {"ada": 3} == await first
    assert [{"ada": 5, "bob": 10}] * 3 == await asyncio.gather(*others)


async def test_p5_of_two_marks_that_gather_the_further_one_is_stored(log: HeldLog) -> None:
    marks = ReadMarkWriter(log)
    both = [asyncio.create_task(marks.store("a", {"ada": seq})) for seq in (7, 4)]
    await turn()
    log.settle()

    assert [{"ada": 7}] * 2 == await asyncio.gather(*both)


async def test_p5_one_transaction_is_bounded(log: HeldLog) -> None:
    marks = ReadMarkWriter(log)
    storing = [asyncio.create_task(marks.store("a", {f"{n}-{m}": 1 for m in range(500)})) for n in range(3)]
    await turn()
    log.settle()
    await turn()
    assert [True, True, False] == [task.done() for task in storing]
    log.settle()
    await asyncio.gather(*storing)


async def test_s7_p5_a_batch_that_fails_fails_for_each_room_in_it_and_the_next_goes_on(log: HeldLog) -> None:
    marks = ReadMarkWriter(log)
    failing = [asyncio.create_task(marks.store(item, {"ada": 1})) for item in "ab"]
    await turn()
    settled = asyncio.create_task(marks.wait_stored("b"))
    following = asyncio.create_task(marks.store("c", {"ada": 1}))
    await turn()
    assert not settled.done()
    log.settle("nothing stored")
    outcomes = await asyncio.gather(*failing, return_exceptions=True)
    await settled
    await turn()
    log.settle()

    assert [LogUnavailableError] * 2 == [type(outcome) for outcome in outcomes]
    assert {"ada": 1} == await following
