"""Provide each engine's log to the contract tests: a new one for each test, which the test may reopen."""

from collections.abc import AsyncIterator

import pytest

from alcove.limits import Retention
from alcove.storage.base import Log
from alcove.storage.consumers import ConsumerLog
from alcove.storage.open import open_log
from tests.support.storage import OpenLog


@pytest.fixture
async def open_again(storage: str) -> AsyncIterator[OpenLog]:
    """Return a function that opens the storage, with a retention if given; close the logs after the test."""
    logs: list[ConsumerLog] = []

    async def reopen(retention: Retention | None = None) -> ConsumerLog:
        log = await open_log(storage, retention)
        logs.append(log)
        return log

    yield reopen
    for log in logs:
        await log.close()


@pytest.fixture
async def log(open_again: OpenLog) -> Log:
    """Open a log that keeps everything."""
    return await open_again()
