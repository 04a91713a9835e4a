"""K3, K5: what the log says when a consumer begins to fail, goes on failing, and works again."""

import logging

import pytest

from alcove.webhooks.failure_log import FailureLog
from alcove.webhooks.targets import Failed
from tests.support.turns import ManualClock

FAILS = "consumer webhook fails, and is called again: %s, for entry 1 of item %s (alcove webhooks status)"
WORKS = "consumer webhook works again"


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still until a test sets it."""
    return ManualClock()


@pytest.fixture
def failures(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> FailureLog:
    """Return the log of the webhook's failures, whose lines `caplog` keeps."""
    caplog.set_level(logging.INFO)
    return FailureLog("webhook", clock)


def test_k3_failures_leave_one_warning_and_the_recovery_one_line(
    failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    for attempt in range(100):
        failures.failed("a", 1, Failed("HTTP 500"), first=attempt == 0)
        failures.failed("b", 1, Failed("HTTP 500"), first=False)
        failures.delivered(had_failed=False)  # of another item, which never failed
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", FAILS % ("HTTP 500", "a"))
    ]

    for _ in range(100):
        failures.delivered(had_failed=True)

    assert [record.getMessage() for record in caplog.records[1:]] == [WORKS]


def test_k3_another_error_is_logged_once_too_up_to_ten(failures: FailureLog, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(50):
        failures.failed("a", 1, Failed(f"HTTP {500 + number}"), first=number == 0)
        failures.failed("a", 1, Failed("HTTP 500"), first=False)

    assert caplog.messages == [FAILS % (f"HTTP {500 + number}", "a") for number in range(10)]


def test_k3_a_receiver_that_fails_now_and_then_is_reported_once_a_minute(
    failures: FailureLog, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10):
        failures.failed("a", 1, Failed("HTTP 500"), first=True)
        failures.delivered(had_failed=True)
    assert caplog.messages == [FAILS % ("HTTP 500", "a"), WORKS]

    failures.failed("b", 1, Failed("HTTP 500"), first=True)
    clock.now = 60.0
    failures.failed("b", 1, Failed("HTTP 500"), first=False)

    assert caplog.messages[2:] == [FAILS % ("HTTP 500", "b")]


def test_k3_after_the_failing_items_were_skipped_the_next_failure_is_logged(
    failures: FailureLog, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    failures.failed("a", 1, Failed("HTTP 500"), first=True)
    clock.now = 60.0

    failures.failed("b", 1, Failed("HTTP 500"), first=True)

    assert caplog.messages == [FAILS % ("HTTP 500", "a"), FAILS % ("HTTP 500", "b")]


def test_k3_410_is_logged_once_and_so_is_the_first_delivery_after_it(
    failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(16):  # deliveries that were on their way at the same time
        failures.disabled()
    for _ in range(2):
        failures.delivered(had_failed=False)

    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert caplog.messages[1] == WORKS


def test_k5_an_exception_of_a_handler_is_logged_with_its_traceback(
    failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    error = RuntimeError("no mail today")

    for attempt in range(10):
        failures.failed("a", 1, Failed("RuntimeError", cause=error), first=attempt == 0)

    (record,) = caplog.records
    assert record.levelname == "ERROR"
    # By the text: another handler of the process may have replaced `exc_info` by the formatted traceback.
    assert "RuntimeError: no mail today" in caplog.text
