"""Test cancelling background tasks that resist it, and keeping spawned ones."""

import asyncio
import logging

import pytest

from alcove import background
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed = 0

    async def work() -> None:
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await run_turns()
    await background.cancel(None, task)
    assert task.cancelled()
    assert swallowed == 2


async def test_tasks_that_failed_or_ended_before_are_accepted() -> None:
    async def fail() -> None:
        raise OSError("failed")

    async def finish() -> None:
        pass

    ended = [asyncio.create_task(fail()), asyncio.create_task(finish())]
    await asyncio.wait(ended)
    await background.cancel(*ended)


@virtual_time
async def test_a_task_that_never_ends_is_left_running_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    free = asyncio.Event()

    async def stay() -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stay(), name="stubborn")
    await run_turns()
    await background.cancel(task)
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "task 'stubborn' ignores its cancellation; it is left running")
    ]
    free.set()
    await task


@virtual_time
async def test_cancelling_waits_while_a_task_cleans_up() -> None:
    cleaned = asyncio.Event()
    free = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await free.wait()
            cleaned.set()

    task = asyncio.create_task(work())
    await run_turns()
    ending = asyncio.create_task(background.cancel(task))
    await run_turns()
    assert not ending.done()

    free.set()
    await ending
    assert cleaned.is_set()


@virtual_time
async def test_tasks_that_end_at_different_times_are_all_waited_for() -> None:
    events = [asyncio.Event() for _ in range(3)]

    async def work(event: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await event.wait()

    running = [asyncio.create_task(work(event)) for event in events]
    await run_turns()
    ending = asyncio.create_task(background.cancel(*running))
    for event in events:
        await run_turns()
        assert not ending.done()
        event.set()
    await ending

    assert all(task.cancelled() for task in running)


@virtual_time
async def test_an_error_during_the_cancellation_is_logged_for_debugging_and_not_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("already closed")

    task = asyncio.create_task(work(), name="socket")
    await run_turns()
    with caplog.at_level(logging.DEBUG, "alcove"):
        await background.cancel(task)

    assert [record.message for record in caplog.records] == ["task 'socket' ended with OSError('already closed')"]


async def test_cancelling_nothing_returns_at_once() -> None:
    await background.cancel()
    await background.cancel(None, None)


@virtual_time
async def test_spawned_tasks_are_kept_until_they_end() -> None:
    tasks, ends = background.BackgroundTasks(), asyncio.Event()

    async def work() -> None:
        await ends.wait()

    task = tasks.spawn(work())
    await run_turns()
    assert len(tasks) == 1

    ends.set()
    await task
    await run_turns()
    assert len(tasks) == 0


@virtual_time
async def test_closing_waits_for_tasks_and_cancels_those_that_take_too_long() -> None:
    tasks, finished = background.BackgroundTasks(), list[str]()

    async def work(name: str, seconds: float) -> None:
        await elapse(seconds)
        finished.append(name)

    slow_task = tasks.spawn(work("late", 3))
    tasks.spawn(work("in time", 1))
    await tasks.close(2)

    assert finished == ["in time"]
    assert slow_task.cancelled()


async def test_a_spawned_task_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    tasks = background.BackgroundTasks()

    async def fail() -> None:
        raise OSError("disk full")

    await asyncio.wait([tasks.spawn(fail())])
    await run_turns()

    (record,) = [record for record in caplog.records if record.message == "a background task failed"]
    assert record.levelno == logging.ERROR
    assert "OSError: disk full" in caplog.text
