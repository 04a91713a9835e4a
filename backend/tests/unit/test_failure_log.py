"""Test what is logged when a consumer begins to fail, keeps failing, and works again (K3, K5)."""

import logging

import pytest

from alcove.webhooks.failure_log import FailureLog
from alcove.webhooks.targets import Failed
from tests.support.turns import ManualClock

FAILS = "consumer webhook fails, and is called again: %s, for entry 1 of item %s (alcove webhooks status)"
WORKS = "consumer webhook works again"


@pytest.fixture
def clock() -> ManualClock:
    """Create a clock that moves only when a test sets it."""
    return ManualClock()


@pytest.fixture
def failures(clock: ManualClock, caplog: pytest.LogCaptureFixture) -> FailureLog:
    """Return the log of the webhook's failures, whose lines `caplog` keeps."""
    caplog.set_level(logging.INFO)
    return FailureLog("webhook", clock)


def test_k3_failures_and_the_recovery_are_each_logged_once(
    failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    for attempt in range(100):
        failures.report_failure("a", 1, Failed("HTTP 500"), first=attempt == 0)
        failures.report_failure("b", 1, Failed("HTTP 500"), first=False)
        failures.report_delivery(had_failed=False)  # of another item, which never failed
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", FAILS % ("HTTP 500", "a"))
    ]

    for _ in range(100):
        failures.report_delivery(had_failed=True)

    assert [record.getMessage() for record in caplog.records[1:]] == [WORKS]


def test_k3_up_to_ten_different_errors_are_each_logged_once(
    failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    for status in range(500, 550):
        failures.report_failure("a", 1, Failed(f"HTTP {status}"), first=status == 500)
        failures.report_failure("a", 1, Failed("HTTP 500"), first=False)

    assert caplog.messages == [FAILS % (f"HTTP {status}", "a") for status in range(500, 510)]


def test_k3_intermittent_failures_are_logged_once_a_minute(
    failures: FailureLog, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10):
        failures.report_failure("a", 1, Failed("HTTP 500"), first=True)
        failures.report_delivery(had_failed=True)
    assert caplog.messages == [FAILS % ("HTTP 500", "a"), WORKS]

    failures.report_failure("b", 1, Failed("HTTP 500"), first=True)
    clock.now = 60.0
    failures.report_failure("b", 1, Failed("HTTP 500"), first=False)

    assert caplog.messages[2:] == [FAILS % ("HTTP 500", "b")]


def test_k3_a_failure_after_skipped_items_is_logged(
    failures: FailureLog, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    failures.report_failure("a", 1, Failed("HTTP 500"), first=True)
    clock.now = 60.0

    failures.report_failure("b", 1, Failed("HTTP 500"), first=True)

    assert caplog.messages == [FAILS % ("HTTP 500", "a"), FAILS % ("HTTP 500", "b")]


def test_k3_410_and_the_next_delivery_are_each_logged_once(
    failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(16):  # concurrent deliveries
        failures.report_disabled()
    for _ in range(2):
        failures.report_delivery(had_failed=False)

    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert caplog.messages[1] == WORKS


def test_k5_an_exception_of_a_handler_is_logged_with_its_traceback(
    failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    error = RuntimeError("no mail today")

    for attempt in range(10):
        failures.report_failure("a", 1, Failed("RuntimeError", cause=error), first=attempt == 0)

    (record,) = caplog.records
    assert record.levelname == "ERROR"
    # Search the text, because another handler of the process may have replaced `exc_info` by the formatted traceback.
    assert "RuntimeError: no mail today" in caplog.text
