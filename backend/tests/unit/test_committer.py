"""Test the committer: one commit at a time, and the next one takes all drafts that arrived (S2, S3, S7, L4)."""

from collections.abc import AsyncIterator

import pytest

from alcove.observability.metrics import SERVER_METRICS
from alcove.protocol import raw
from alcove.storage.base import Draft
from alcove.storage.committer import QueueFullError
from alcove.storage.outcomes import DraftOutcomes
from tests.support.committer import ADA, CommitterHarness
from tests.support.turns import run_turns

#: The maximum numbers of waiting drafts, of drafts in one commit, and of bytes in one commit before its last draft.
MAX_WAITING = 5000
MAX_DRAFTS = 1024
MAX_BYTES = 8 * 1024 * 1024


@pytest.fixture
async def harness() -> AsyncIterator[CommitterHarness]:
    """Create a committer on a held log; close the log afterwards."""
    harness = CommitterHarness()
    yield harness
    await harness.log.close()


async def test_s2_drafts_that_arrive_during_a_commit_form_the_next_batch(harness: CommitterHarness) -> None:
    harness.send("a")
    await run_turns()
    harness.send("b")
    await run_turns()
    harness.send("c", "d")
    await run_turns()
    assert harness.batches() == [["a"]]

    harness.log.settle()
    await run_turns()
    assert harness.batches() == [["a"], ["b", "c", "d"]]
    harness.log.settle()
    await run_turns()
    assert harness.delivered == [["a"], ["b", "c", "d"]]
    assert harness.ada.calls == [[("a", 1)], [("b", 2), ("c", 3), ("d", 4)]]


async def test_s2_drafts_of_one_turn_of_the_loop_form_one_batch(harness: CommitterHarness) -> None:
    harness.send("a", "b")
    harness.send("c", by=harness.bob)
    await run_turns()

    assert harness.batches() == [["a", "b", "c"]]


async def test_s3_s4_a_draft_is_acked_and_delivered_only_once_it_is_durable(harness: CommitterHarness) -> None:
    harness.send("a")
    await run_turns()
    assert (harness.delivered, harness.ada.calls) == ([], [])
    harness.log.pending_calls[0].perform()
    await run_turns()
    assert (harness.delivered, harness.ada.calls) == ([], [])
    harness.log.resolve(harness.log.pending_calls[0])
    await run_turns()

    assert (harness.delivered, harness.ada.calls) == ([["a"]], [[("a", 1)]])


async def test_s3_each_handler_gets_the_outcomes_of_its_own_drafts_in_order(harness: CommitterHarness) -> None:
    harness.send("a", "b")
    harness.send("x", by=harness.bob)
    harness.send("c")
    await run_turns()
    harness.log.settle()
    await run_turns()

    assert harness.ada.calls == [[("a", 1), ("b", 2), ("c", 4)]]
    assert harness.bob.calls == [[("x", 3)]]


async def test_the_next_batch_is_stored_while_one_is_delivered(harness: CommitterHarness) -> None:
    harness.send("a")
    await run_turns()
    harness.send("b")
    harness.log.settle()
    await run_turns()

    assert harness.storing == [1]


async def test_a_batch_is_delivered_during_the_io_of_the_next_one(harness: CommitterHarness) -> None:
    harness.log.holds_io_pending = True
    harness.send("a")
    await run_turns()
    harness.send("b")
    first = harness.log.pending_calls[0]
    first.perform()
    harness.log.resolve(first)
    await run_turns()
    assert (len(harness.batches()), harness.delivered) == (2, [])

    harness.log.pending_calls[0].perform()
    await run_turns()
    assert harness.delivered == [["a"]]
    assert harness.ada.calls == [[("a", 1)]]


async def test_a_blocked_commit_does_not_delay_the_previous_delivery(harness: CommitterHarness) -> None:
    """Another program may hold a lock on the file, for example."""
    harness.log.holds_io_pending = True
    harness.send("a")
    await run_turns()
    harness.send("b")
    harness.log.settle()
    await harness.ada.called.wait()

    assert (len(harness.batches()), harness.delivered) == (2, [["a"]])


async def test_s7_a_failing_batch_refuses_every_waiting_draft(harness: CommitterHarness) -> None:
    harness.send("a")
    await run_turns()
    harness.send("b", "c")
    harness.send("x", by=harness.bob)
    await run_turns()
    harness.log.settle("nothing stored")
    await run_turns()

    assert harness.ada.calls == [
        [("a", "LogUnavailableError"), ("b", "LogUnavailableError"), ("c", "LogUnavailableError")]
    ]
    assert harness.bob.calls == [[("x", "LogUnavailableError")]]
    assert harness.batches() == [["a"]]
    assert len(harness.committer) == 0


async def test_w7_a_failed_commit_is_measured_too(harness: CommitterHarness) -> None:
    before = SERVER_METRICS.registry.get_sample_value("alcove_commit_seconds_count") or 0
    harness.send("a")
    await run_turns()
    harness.log.settle("nothing stored")
    await run_turns()

    assert SERVER_METRICS.registry.get_sample_value("alcove_commit_seconds_count") == before + 1


async def test_s7_drafts_are_stored_again_after_a_failed_commit(harness: CommitterHarness) -> None:
    harness.send("a")
    await run_turns()
    harness.log.settle("nothing stored")
    await run_turns()
    harness.send("a", "b")
    await run_turns()
    harness.log.settle()
    await run_turns()

    assert harness.ada.calls == [[("a", "LogUnavailableError")], [("a", 1), ("b", 2)]]


async def test_s7_an_unexpected_error_of_the_log_is_an_outcome(
    harness: CommitterHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.send("a")
    await run_turns()
    await harness.log.close()
    for _ in ("the batch", "its only send"):
        harness.log.settle()
        await run_turns()

    assert harness.ada.calls == [[("a", "LogUnavailableError")]]
    assert "storing a batch failed unexpectedly" in caplog.text


async def test_s6_an_unstorable_draft_is_refused_and_the_others_stored(
    harness: CommitterHarness, caplog: pytest.LogCaptureFixture
) -> None:
    # Half a surrogate pair has no UTF-8 encoding. If the protocol ever accepted it, other drafts must not fail.
    harness.send("a", "\ud800", "b")
    await run_turns()
    for _ in ("the batch", "a", "the one at fault", "b"):
        harness.log.settle()
        await run_turns()

    assert harness.ada.calls == [[("a", 1)], [("\ud800", "Refused")], [("b", 2)]]
    assert caplog.text == ""


async def test_s2_s7_no_draft_overtakes_a_failed_one(
    harness: CommitterHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """The client repeats the failed draft, so drafts submitted after it must not be in the log already."""
    harness.send("a", "\ud800", "b")
    harness.send("x", by=harness.bob)
    await run_turns()
    harness.log.settle()
    await run_turns()
    harness.send("c")
    harness.log.settle("nothing stored")
    await run_turns()

    assert harness.log.pending_calls == []
    assert harness.ada.calls == [[(id_, "LogUnavailableError") for id_ in ("a", "\ud800", "b", "c")]]
    assert harness.bob.calls == [[("x", "LogUnavailableError")]]
    assert "storing a batch failed unexpectedly" not in caplog.text


async def test_s3_handlers_are_called_although_the_delivery_failed(
    harness: CommitterHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.send("poison")
    await run_turns()
    harness.send("b")
    harness.log.settle()
    await run_turns()
    harness.log.settle()
    await run_turns()

    assert harness.ada.calls == [[("poison", 1)], [("b", 2)]]
    assert "a delivery failed" in caplog.text


async def test_s3_handlers_are_called_although_another_one_failed(
    harness: CommitterHarness, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def on_outcomes(self, _outcomes: DraftOutcomes) -> None:
            raise RuntimeError("broken")

    harness.committer.submit(Draft("foo", "message", "x", ADA, 1, raw(1)), Broken())
    harness.send("a")
    await run_turns()
    harness.log.settle()
    await run_turns()

    assert harness.ada.calls == [[("a", 2)]]
    assert "an outcome handler failed" in caplog.text


async def test_l4_submit_raises_while_too_many_drafts_wait(harness: CommitterHarness) -> None:
    harness.send(*(str(n) for n in range(MAX_WAITING)))
    await run_turns()

    assert len(harness.committer) == MAX_WAITING
    with pytest.raises(QueueFullError):
        harness.send("late")
    harness.log.settle()
    await run_turns()
    harness.send("late")
    assert len(harness.committer) == MAX_WAITING - MAX_DRAFTS + 1


async def test_many_drafts_are_stored_in_two_halves(harness: CommitterHarness) -> None:
    harness.send(*(str(n) for n in range(800)))
    await run_turns()
    harness.send(*(str(n) for n in range(100)))
    while harness.log.pending_calls:
        harness.log.settle()
        await run_turns()

    # Half of 800 drafts, then half of the 900 that have no outcome yet, and the rest.
    assert [len(batch) for batch in harness.batches()] == [400, 450, 50]


async def test_few_drafts_form_one_commit(harness: CommitterHarness) -> None:
    harness.send(*(str(n) for n in range(256)))  # more would be split
    await run_turns()

    assert [len(batch) for batch in harness.batches()] == [256]


async def test_a_commit_is_bounded_by_drafts_and_by_bytes(harness: CommitterHarness) -> None:
    harness.send(*(str(n) for n in range(2000)))
    harness.send(*(f"large {n}" for n in range(300)), size=60_000)
    await run_turns()
    while harness.log.pending_calls:
        harness.log.settle()
        await run_turns()

    assert len(harness.batches()[0]) == MAX_DRAFTS
    assert sum(map(len, harness.batches())) == 2300
    sizes = [
        sum(len(memoryview(draft.body)) for draft in batch if draft.body is not None) for batch in harness.log.batches
    ]
    assert max(sizes) <= MAX_BYTES + 60_002
    assert [outcome for call in harness.ada.calls for outcome in call] == [
        *((str(n), n + 1) for n in range(2000)),
        *((f"large {n}", n + 2001) for n in range(300)),
    ]


async def test_z1_drain_waits_until_every_draft_has_an_outcome(harness: CommitterHarness) -> None:
    harness.send("a")
    await run_turns()
    harness.send("b")
    harness.log.settle()
    await run_turns()
    harness.log.settle()
    await harness.committer.drain()

    assert harness.ada.calls == [[("a", 1)], [("b", 2)]]
    assert len(harness.committer) == 0
