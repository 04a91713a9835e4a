"""Natural batching: one commit at a time, the next one takes all that gathered (S2, S3, S7, L4)."""

from collections.abc import AsyncIterator

import pytest

from alcove.observability.metrics import registry
from alcove.protocol import raw
from alcove.storage.base import Draft
from alcove.storage.committer import OverloadedError
from tests.doubles import turn
from tests.unit.post import ADA, Answers, Post


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A committer whose log is closed afterwards."""
    made = Post()
    yield made
    await made.log.close()


async def test_s2_what_gathers_during_one_commit_is_the_next(post: Post) -> None:
    post.send("a")
    await turn()
    post.send("b")
    await turn()
    post.send("c", "d")
    await turn()
    assert [["a"]] == post.batches()

    post.log.settle()
    await turn()
    assert [["a"], ["b", "c", "d"]] == post.batches()
    post.log.settle()
    await turn()
    assert [["a"], ["b", "c", "d"]] == post.delivered
    assert [[("a", 1)], [("b", 2), ("c", 3), ("d", 4)]] == post.ada.calls


async def test_s2_what_is_sent_in_one_turn_of_the_loop_is_one_batch(post: Post) -> None:
    post.send("a", "b")
    post.send("c", by=post.bob)
    await turn()

    assert [["a", "b", "c"]] == post.batches()


async def test_s3_s4_nothing_is_acked_or_delivered_before_it_is_durable(post: Post) -> None:
    post.send("a")
    await turn()
    assert ([], []) == (post.delivered, post.ada.calls)
    post.log.held[0].perform()
    await turn()
    assert ([], []) == (post.delivered, post.ada.calls)
    post.log.answer(post.log.held[0])
    await turn()

    assert ([["a"]], [[("a", 1)]]) == (post.delivered, post.ada.calls)


async def test_s3_each_sender_hears_of_its_own_drafts_in_their_order(post: Post) -> None:
    post.send("a", "b")
    post.send("x", by=post.bob)
    post.send("c")
    await turn()
    post.log.settle()
    await turn()

    assert [[("a", 1), ("b", 2), ("c", 4)]] == post.ada.calls
    assert [[("x", 3)]] == post.bob.calls


async def test_the_next_batch_is_being_stored_while_one_is_delivered(post: Post) -> None:
    post.send("a")
    await turn()
    post.send("b")
    post.log.settle()
    await turn()

    assert [1] == post.storing


async def test_a_batch_is_delivered_when_the_next_one_needs_the_processor_no_more(post: Post) -> None:
    post.log.holds_computed = True
    post.send("a")
    await turn()
    post.send("b")
    first = post.log.held[0]
    first.perform()
    post.log.answer(first)
    await turn()
    assert (2, []) == (len(post.batches()), post.delivered)

    post.log.held[0].perform()
    await turn()
    assert [["a"]] == post.delivered
    assert [[("a", 1)]] == post.ada.calls


async def test_a_batch_is_delivered_also_where_the_next_one_is_held_up(post: Post) -> None:
    """A lock that another program holds on the file, say: what is durable does not wait for it."""
    post.log.holds_computed = True
    post.send("a")
    await turn()
    post.send("b")
    post.log.settle()
    await post.ada.heard.wait()

    assert (2, [["a"]]) == (len(post.batches()), post.delivered)


async def test_s7_a_failing_batch_refuses_all_that_wait_behind_it(post: Post) -> None:
    post.send("a")
    await turn()
    post.send("b", "c")
    post.send("x", by=post.bob)
    await turn()
    post.log.settle("nothing stored")
    await turn()

    assert [
        [("a", "LogUnavailableError"), ("b", "LogUnavailableError"), ("c", "LogUnavailableError")]
    ] == post.ada.calls
    assert [[("x", "LogUnavailableError")]] == post.bob.calls
    assert [["a"]] == post.batches()
    assert 0 == len(post.committer)


async def test_w7_a_commit_that_fails_is_timed_too(post: Post) -> None:
    before = registry.get_sample_value("alcove_commit_seconds_count") or 0
    post.send("a")
    await turn()
    post.log.settle("nothing stored")
    await turn()

    assert before + 1 == registry.get_sample_value("alcove_commit_seconds_count")


async def test_s7_afterwards_it_goes_on(post: Post) -> None:
    post.send("a")
    await turn()
    post.log.settle("nothing stored")
    await turn()
    post.send("a", "b")
    await turn()
    post.log.settle()
    await turn()

    assert [[("a", "LogUnavailableError")], [("a", 1), ("b", 2)]] == post.ada.calls


async def test_s7_any_fault_of_the_log_is_an_answer(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    post.send("a")
    await turn()
    await post.log.close()
    for _ in ("the batch", "its only send"):
        post.log.settle()
        await turn()

    assert [[("a", "LogUnavailableError")]] == post.ada.calls
    assert "a batch cannot be stored" in caplog.text


async def test_s6_a_send_that_cannot_be_stored_is_invalid_and_takes_no_other_with_it(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    # A text with half a surrogate pair has no UTF-8. Nothing lets one in; should something one day, it hurts itself.
    post.send("a", "\ud800", "b")
    await turn()
    for _ in ("the batch", "a", "the one at fault", "b"):
        post.log.settle()
        await turn()

    assert [[("a", 1)], [("\ud800", "Refused")], [("b", 2)]] == post.ada.calls
    assert "" == caplog.text


async def test_s2_s7_where_storage_fails_while_sends_are_stored_apart_nothing_overtakes_the_failed_one(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """The failed one comes again; what was sent behind it must not be in the log by then."""
    post.send("a", "\ud800", "b")
    post.send("x", by=post.bob)
    await turn()
    post.log.settle()
    await turn()
    post.send("c")
    post.log.settle("nothing stored")
    await turn()

    assert [] == post.log.held
    assert [[(id_, "LogUnavailableError") for id_ in ("a", "\ud800", "b", "c")]] == post.ada.calls
    assert [[("x", "LogUnavailableError")]] == post.bob.calls
    assert "a batch cannot be stored" not in caplog.text


async def test_s3_where_a_delivery_fails_its_senders_still_hear_and_the_next_goes_on(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.send("poison")
    await turn()
    post.send("b")
    post.log.settle()
    await turn()
    post.log.settle()
    await turn()

    assert [[("poison", 1)], [("b", 2)]] == post.ada.calls
    assert "a delivery failed" in caplog.text


async def test_s3_where_one_sender_fails_the_others_hear(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def on_outcomes(self, _answers: Answers) -> None:
            raise RuntimeError("gone")

    post.committer.submit(Draft("foo", "message", "x", ADA, 1, raw(1)), Broken())
    post.send("a")
    await turn()
    post.log.settle()
    await turn()

    assert [[("a", 2)]] == post.ada.calls
    assert "failed to take its answer" in caplog.text


async def test_l4_too_many_waiting_are_overloaded_until_some_are_stored(post: Post) -> None:
    post.send(*(str(n) for n in range(5000)))
    await turn()

    assert 5000 == len(post.committer)
    with pytest.raises(OverloadedError):
        post.send("late")
    post.log.settle()
    await turn()
    post.send("late")
    assert 5000 - 1024 + 1 == len(post.committer)


async def test_one_half_of_many_sends_is_stored_while_the_other_is_delivered(post: Post) -> None:
    post.send(*(str(n) for n in range(800)))
    await turn()
    post.send(*(str(n) for n in range(100)))
    while post.log.held:
        post.log.settle()
        await turn()

    assert [400, 450, 50] == [len(batch) for batch in post.batches()]


async def test_few_sends_are_one_commit(post: Post) -> None:
    post.send(*(str(n) for n in range(256)))
    await turn()

    assert [256] == [len(batch) for batch in post.batches()]


async def test_one_commit_is_bounded_by_drafts_and_by_bytes(post: Post) -> None:
    post.send(*(str(n) for n in range(2000)))
    post.send(*(f"large {n}" for n in range(300)), size=60_000)
    await turn()
    while post.log.held:
        post.log.settle()
        await turn()

    assert 1024 == len(post.batches()[0])
    assert sum(map(len, post.batches())) == 2300
    sizes = [
        sum(len(memoryview(draft.body)) for draft in batch if draft.body is not None) for batch in post.log.batches
    ]
    assert max(sizes) <= 8 * 1024 * 1024 + 60_002
    assert [answer for call in post.ada.calls for answer in call] == [
        *((str(n), n + 1) for n in range(2000)),
        *((f"large {n}", n + 2001) for n in range(300)),
    ]


async def test_z1_draining_ends_when_all_are_answered(post: Post) -> None:
    post.send("a")
    await turn()
    post.send("b")
    post.log.settle()
    await turn()
    post.log.settle()
    await post.committer.drain()

    assert [[("a", 1)], [("b", 2)]] == post.ada.calls
    assert 0 == len(post.committer)
