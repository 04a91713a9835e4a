"""Test the committer: one commit at a time, and the next one takes all drafts that arrived (S2, S3, S7, L4)."""

from collections.abc import AsyncIterator

import pytest

from alcove.observability.metrics import SERVER_METRICS
from alcove.protocol import raw
from alcove.storage.base import Draft
from alcove.storage.committer import QueueFullError
from alcove.storage.outcomes import DraftOutcomes
from tests.support.committer import ADA, HeldCommitter
from tests.support.turns import run_turns


@pytest.fixture
async def held() -> AsyncIterator[HeldCommitter]:
    """Create a committer on a held log; close the log afterwards."""
    held = HeldCommitter()
    yield held
    await held.log.close()


async def test_s2_drafts_that_arrive_during_a_commit_form_the_next_batch(held: HeldCommitter) -> None:
    held.send("a")
    await run_turns()
    held.send("b")
    await run_turns()
    held.send("c", "d")
    await run_turns()
    assert held.batches() == [["a"]]

    held.log.settle()
    await run_turns()
    assert held.batches() == [["a"], ["b", "c", "d"]]
    held.log.settle()
    await run_turns()
    assert held.delivered == [["a"], ["b", "c", "d"]]
    assert held.ada.calls == [[("a", 1)], [("b", 2), ("c", 3), ("d", 4)]]


async def test_s2_drafts_of_one_turn_of_the_loop_form_one_batch(held: HeldCommitter) -> None:
    held.send("a", "b")
    held.send("c", by=held.bob)
    await run_turns()

    assert held.batches() == [["a", "b", "c"]]


async def test_s3_s4_a_draft_is_acked_and_delivered_only_once_it_is_durable(held: HeldCommitter) -> None:
    held.send("a")
    await run_turns()
    assert (held.delivered, held.ada.calls) == ([], [])
    held.log.held[0].perform()
    await run_turns()
    assert (held.delivered, held.ada.calls) == ([], [])
    held.log.answer(held.log.held[0])
    await run_turns()

    assert (held.delivered, held.ada.calls) == ([["a"]], [[("a", 1)]])


async def test_s3_each_handler_gets_the_outcomes_of_its_own_drafts_in_order(held: HeldCommitter) -> None:
    held.send("a", "b")
    held.send("x", by=held.bob)
    held.send("c")
    await run_turns()
    held.log.settle()
    await run_turns()

    assert held.ada.calls == [[("a", 1), ("b", 2), ("c", 4)]]
    assert held.bob.calls == [[("x", 3)]]


async def test_the_next_batch_is_stored_while_one_is_delivered(held: HeldCommitter) -> None:
    held.send("a")
    await run_turns()
    held.send("b")
    held.log.settle()
    await run_turns()

    assert held.storing == [1]


async def test_a_batch_is_delivered_once_the_i_o_of_the_next_one_is_pending(held: HeldCommitter) -> None:
    held.log.holds_io_pending = True
    held.send("a")
    await run_turns()
    held.send("b")
    first = held.log.held[0]
    first.perform()
    held.log.answer(first)
    await run_turns()
    assert (len(held.batches()), held.delivered) == (2, [])

    held.log.held[0].perform()
    await run_turns()
    assert held.delivered == [["a"]]
    assert held.ada.calls == [[("a", 1)]]


async def test_a_batch_is_delivered_although_the_next_one_is_blocked(held: HeldCommitter) -> None:
    """For example by a lock that another program holds on the file."""
    held.log.holds_io_pending = True
    held.send("a")
    await run_turns()
    held.send("b")
    held.log.settle()
    await held.ada.called.wait()

    assert (len(held.batches()), held.delivered) == (2, [["a"]])


async def test_s7_a_failing_batch_refuses_every_waiting_draft(held: HeldCommitter) -> None:
    held.send("a")
    await run_turns()
    held.send("b", "c")
    held.send("x", by=held.bob)
    await run_turns()
    held.log.settle("nothing stored")
    await run_turns()

    assert held.ada.calls == [
        [("a", "LogUnavailableError"), ("b", "LogUnavailableError"), ("c", "LogUnavailableError")]
    ]
    assert held.bob.calls == [[("x", "LogUnavailableError")]]
    assert held.batches() == [["a"]]
    assert len(held.committer) == 0


async def test_w7_a_failed_commit_is_measured_too(held: HeldCommitter) -> None:
    before = SERVER_METRICS.registry.get_sample_value("alcove_commit_seconds_count") or 0
    held.send("a")
    await run_turns()
    held.log.settle("nothing stored")
    await run_turns()

    assert SERVER_METRICS.registry.get_sample_value("alcove_commit_seconds_count") == before + 1


async def test_s7_drafts_are_stored_again_after_a_failed_commit(held: HeldCommitter) -> None:
    held.send("a")
    await run_turns()
    held.log.settle("nothing stored")
    await run_turns()
    held.send("a", "b")
    await run_turns()
    held.log.settle()
    await run_turns()

    assert held.ada.calls == [[("a", "LogUnavailableError")], [("a", 1), ("b", 2)]]


async def test_s7_an_unexpected_error_of_the_log_is_an_outcome(
    held: HeldCommitter, caplog: pytest.LogCaptureFixture
) -> None:
    held.send("a")
    await run_turns()
    await held.log.close()
    for _ in ("the batch", "its only send"):
        held.log.settle()
        await run_turns()

    assert held.ada.calls == [[("a", "LogUnavailableError")]]
    assert "storing a batch failed unexpectedly" in caplog.text


async def test_s6_a_draft_that_cannot_be_stored_is_invalid_and_the_others_are_stored(
    held: HeldCommitter, caplog: pytest.LogCaptureFixture
) -> None:
    # Half a surrogate pair has no UTF-8. The protocol refuses it earlier; if it ever does not, no other draft fails.
    held.send("a", "\ud800", "b")
    await run_turns()
    for _ in ("the batch", "a", "the one at fault", "b"):
        held.log.settle()
        await run_turns()

    assert held.ada.calls == [[("a", 1)], [("\ud800", "Refused")], [("b", 2)]]
    assert caplog.text == ""


async def test_s2_s7_no_draft_overtakes_one_that_failed_while_storing_one_by_one(
    held: HeldCommitter, caplog: pytest.LogCaptureFixture
) -> None:
    """The client repeats the failed draft, so drafts submitted after it must not be in the log already."""
    held.send("a", "\ud800", "b")
    held.send("x", by=held.bob)
    await run_turns()
    held.log.settle()
    await run_turns()
    held.send("c")
    held.log.settle("nothing stored")
    await run_turns()

    assert held.log.held == []
    assert held.ada.calls == [[(id_, "LogUnavailableError") for id_ in ("a", "\ud800", "b", "c")]]
    assert held.bob.calls == [[("x", "LogUnavailableError")]]
    assert "storing a batch failed unexpectedly" not in caplog.text


async def test_s3_handlers_are_called_although_the_delivery_failed(
    held: HeldCommitter, caplog: pytest.LogCaptureFixture
) -> None:
    held.send("poison")
    await run_turns()
    held.send("b")
    held.log.settle()
    await run_turns()
    held.log.settle()
    await run_turns()

    assert held.ada.calls == [[("poison", 1)], [("b", 2)]]
    assert "a delivery failed" in caplog.text


async def test_s3_handlers_are_called_although_another_one_failed(
    held: HeldCommitter, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def on_outcomes(self, _outcomes: DraftOutcomes) -> None:
            raise RuntimeError("broken")

    held.committer.submit(Draft("foo", "message", "x", ADA, 1, raw(1)), Broken())
    held.send("a")
    await run_turns()
    held.log.settle()
    await run_turns()

    assert held.ada.calls == [[("a", 2)]]
    assert "an outcome handler failed" in caplog.text


async def test_l4_submit_raises_while_too_many_drafts_wait(held: HeldCommitter) -> None:
    held.send(*(str(n) for n in range(5000)))
    await run_turns()

    assert len(held.committer) == 5000
    with pytest.raises(QueueFullError):
        held.send("late")
    held.log.settle()
    await run_turns()
    held.send("late")
    assert len(held.committer) == 5000 - 1024 + 1


async def test_one_half_of_many_drafts_is_stored_while_the_other_is_delivered(held: HeldCommitter) -> None:
    held.send(*(str(n) for n in range(800)))
    await run_turns()
    held.send(*(str(n) for n in range(100)))
    while held.log.held:
        held.log.settle()
        await run_turns()

    assert [len(batch) for batch in held.batches()] == [400, 450, 50]


async def test_few_drafts_form_one_commit(held: HeldCommitter) -> None:
    held.send(*(str(n) for n in range(256)))
    await run_turns()

    assert [len(batch) for batch in held.batches()] == [256]


async def test_a_commit_is_bounded_by_drafts_and_by_bytes(held: HeldCommitter) -> None:
    held.send(*(str(n) for n in range(2000)))
    held.send(*(f"large {n}" for n in range(300)), size=60_000)
    await run_turns()
    while held.log.held:
        held.log.settle()
        await run_turns()

    assert len(held.batches()[0]) == 1024
    assert sum(map(len, held.batches())) == 2300
    sizes = [
        sum(len(memoryview(draft.body)) for draft in batch if draft.body is not None) for batch in held.log.batches
    ]
    assert max(sizes) <= 8 * 1024 * 1024 + 60_002
    assert [outcome for call in held.ada.calls for outcome in call] == [
        *((str(n), n + 1) for n in range(2000)),
        *((f"large {n}", n + 2001) for n in range(300)),
    ]


async def test_z1_drain_waits_until_every_draft_has_an_outcome(held: HeldCommitter) -> None:
    held.send("a")
    await run_turns()
    held.send("b")
    held.log.settle()
    await run_turns()
    held.log.settle()
    await held.committer.drain()

    assert held.ada.calls == [[("a", 1)], [("b", 2)]]
    assert len(held.committer) == 0
