"""Ending background tasks that do not want to."""

import asyncio
import logging

import pytest

from alcove import tasks


async def test_a_task_that_swallows_a_cancellation_is_asked_again() -> None:
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
    await asyncio.sleep(0)
    await tasks.end(None, task)
    assert task.cancelled()
    assert swallowed == 2


async def test_a_task_that_failed_or_ended_before_is_no_trouble() -> None:
    async def fail() -> None:
        raise OSError("gone")

    async def finish() -> None:
        pass

    ended = [asyncio.create_task(fail()), asyncio.create_task(finish())]
    await asyncio.wait(ended)
    await tasks.end(*ended)


async def test_a_task_that_never_ends_is_left_behind_and_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_ASKED", 2)
    monkeypatch.setattr(tasks, "_PATIENCE_S", 0.01)
    free = asyncio.Event()

    async def stay() -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stay(), name="stubborn")
    await asyncio.sleep(0)
    await tasks.end(task)
    assert [(logging.ERROR, "'stubborn' does not end: left behind")] == [
        (record.levelno, record.message) for record in caplog.records
    ]
    free.set()
    await task
