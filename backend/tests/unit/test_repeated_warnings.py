"""Test that repeated warnings are logged once a minute."""

import logging

import pytest

from alcove.repeated_warnings import RepeatedWarning
from tests.support.turns import ManualClock


def test_a_repeated_warning_is_logged_once_a_minute_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    warn = RepeatedWarning(logging.getLogger("alcove.test"), "no room for %s", clock)
    for _ in range(1000):
        warn("one")
    clock.now = 59.9
    warn("one")
    assert [record.getMessage() for record in caplog.records] == ["no room for one"]

    clock.now = 60.0
    warn("two")
    assert caplog.records[1].getMessage() == "no room for two"
    assert "suppressed 1000 times" in caplog.records[2].getMessage()
    clock.now = 120.0
    warn("three")
    assert len(caplog.records) == 4
