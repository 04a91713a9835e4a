"""Test that background tasks are cancelled, also if they resist, and that spawned tasks are kept until they end."""

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


async def test_cancelling_ended_tasks_does_nothing() -> None:
    async def fail() -> None:
        raise OSError("failed")

    async def finish() -> None:
        pass

    tasks = [asyncio.create_task(fail()), asyncio.create_task(finish())]
    await asyncio.wait(tasks)
    await background.cancel(*tasks)


@virtual_time
async def test_a_task_that_never_ends_is_left_running_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    released = asyncio.Event()

    async def stay() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stay(), name="stubborn")
    await run_turns()
    await background.cancel(task)
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "task 'stubborn' ignores its cancellation; it is left running")
    ]
    released.set()
    await task


@virtual_time
async def test_cancelling_waits_while_a_task_cleans_up() -> None:
    cleaned = asyncio.Event()
    released = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await released.wait()
            cleaned.set()

    task = asyncio.create_task(work())
    await run_turns()
    cancellation = asyncio.create_task(background.cancel(task))
    await run_turns()
    assert not cancellation.done()

    released.set()
    await cancellation
    assert cleaned.is_set()


@virtual_time
async def test_cancelling_waits_for_every_task() -> None:
    events = [asyncio.Event() for _ in range(3)]

    async def work(event: asyncio.Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await event.wait()

    tasks = [asyncio.create_task(work(event)) for event in events]
    await run_turns()
    cancellation = asyncio.create_task(background.cancel(*tasks))
    for event in events:
        await run_turns()
        assert not cancellation.done()
        event.set()
    await cancellation

    assert all(task.cancelled() for task in tasks)


@virtual_time
async def test_error_during_cancellation_is_logged_at_debug_level(
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
    tasks = background.BackgroundTasks()
    finished = asyncio.Event()

    async def work() -> None:
        await finished.wait()

    task = tasks.spawn(work())
    await run_turns()
    assert len(tasks) == 1

    finished.set()
    await task
    await run_turns()
    assert len(tasks) == 0


@virtual_time
async def test_closing_waits_for_tasks_and_cancels_slow_ones() -> None:
    tasks = background.BackgroundTasks()
    finished: list[str] = []

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
