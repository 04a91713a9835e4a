"""Test the sends of one session without socket, event loop or clock (S, L)."""

import tracemalloc

import pytest

from alcove.errors import Close, Code
from alcove.protocol import Ack, Entry, Error, Pong, raw
from alcove.rooms.admission import RETRY_MS
from alcove.rooms.outcome_lines import OutcomeWriter
from alcove.storage.base import Appended, Draft, LogUnavailableError, Refused
from tests.support.session_harness import ADA, PING, SessionHarness, send


def test_s2_a_send_becomes_a_draft_with_author_and_server_time() -> None:
    harness = SessionHarness()

    assert harness.answers_to(send()) == []
    assert harness.host.drafts == [Draft("foo", "message", "a", ADA, harness.host.time_ms, raw("hello"))]


def test_s8_edits_and_deletes_become_drafts_with_their_targets() -> None:
    harness = SessionHarness(rights=["read", "write", "moderate"])

    harness.answers_to('{"type":"edit","id":"b","target":17,"body":{"x":1}}', '{"type":"delete","id":"c","target":17}')

    time_ms = harness.host.time_ms
    assert harness.host.drafts == [
        Draft("foo", "edit", "b", ADA, time_ms, raw({"x": 1}), 17, moderate=True),
        Draft("foo", "delete", "c", ADA, time_ms, None, 17, moderate=True),
    ]


@pytest.mark.parametrize(
    "line", [send(), '{"type":"edit","id":"a","target":1,"body":1}', '{"type":"delete","id":"a","target":1}']
)
def test_s6_a_send_without_the_right_to_write_is_forbidden(line: str) -> None:
    harness = SessionHarness(rights=["read"])
    (error,) = harness.answers_to(line)

    assert isinstance(error, Error)
    assert (error.code, error.id) == (Code.FORBIDDEN, "a")
    assert harness.host.drafts == []


@pytest.mark.parametrize(("body", "fits"), [("x" * 98, True), ("x" * 99, False), ("ñ" * 49, True), ("ñ" * 50, False)])
def test_l1_a_body_is_measured_in_bytes_of_json(body: str, fits: bool) -> None:  # noqa: FBT001 - a parameter of the table
    harness = SessionHarness()
    line = '{"type":"send","id":"a","body":"' + body + '"}'

    assert harness.error_codes(line) == ([] if fits else ["too_large"])
    assert bool(harness.host.drafts) == fits


def test_s6_too_large_names_the_id_of_the_send() -> None:
    (error,) = SessionHarness().answers_to('{"type":"edit","id":"e","target":1,"body":[' + "1," * 100 + "1]}")

    assert isinstance(error, Error)
    assert (error.code, error.id) == (Code.TOO_LARGE, "e")


def test_l1_a_stored_body_does_not_keep_its_line_in_memory() -> None:
    harness = SessionHarness()
    tracemalloc.start()
    try:
        harness.answers_to(*('{"type":"send","id":"a","body":1,"ballast":"' + "x" * 100_000 + '"}' for _ in range(20)))
        allocated_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(harness.host.drafts) == 20
    assert allocated_bytes < 100_000


def test_l2_sends_beyond_the_burst_are_refused_with_retry_ms() -> None:
    harness = SessionHarness(sends_per_s=20, burst=3)
    lines = harness.answers_to(*(send(str(n)) for n in range(5)))

    assert len(harness.host.drafts) == 3
    assert [(line.code, line.id, line.retry_ms) for line in lines if isinstance(line, Error)] == [
        ("rate_limited", "3", 50),
        ("rate_limited", "4", 50),
    ]
    harness.clock.now += 0.05
    assert harness.answers_to(send("3")) == []


def test_l2_ten_seconds_of_continuous_excess_close_with_4429() -> None:
    harness = SessionHarness(sends_per_s=20, burst=60)
    n = 0
    while harness.socket.close_code is None:
        n += 1
        answers = harness.answers_to(*(send(f"{n}-{part}") for part in range(10)))
        harness.clock.now += 0.1

    assert harness.socket.close_code == Close.TOO_MANY
    assert 10 < harness.clock.now < 12
    # The frame that exceeds the limit is answered up to the line that closes the connection.
    assert "rate_limited" in [line.code for line in answers if isinstance(line, Error)]
    draft_count = len(harness.host.drafts)
    harness.clock.now += 1
    harness.answers_to(send("late"))
    assert len(harness.host.drafts) == draft_count


def test_l2_a_sender_that_waits_retry_ms_is_never_closed() -> None:
    harness = SessionHarness(sends_per_s=20, burst=1)
    for n in range(1000):
        for line in harness.answers_to(send(str(n))):
            assert isinstance(line, Error)
            assert isinstance(line.retry_ms, int)
            harness.clock.now += line.retry_ms / 1000
            assert harness.answers_to(send(str(n))) == []

    assert harness.socket.close_code is None
    assert len(harness.host.drafts) == 1000


def test_l2_pings_are_not_rate_limited() -> None:
    harness = SessionHarness(sends_per_s=1, burst=1)

    assert set(harness.answers_to(*[PING] * 100)) == {Pong()}


def test_l4_a_full_committer_refuses_sends_as_overloaded() -> None:
    harness = SessionHarness()
    harness.host.queue_full = True
    (error,) = harness.answers_to(send("a"))

    assert isinstance(error, Error)
    assert (error.code, error.id, error.retry_ms) == (Code.OVERLOADED, "a", RETRY_MS)


def test_s3_s6_s7_outcomes_reach_the_sender_in_one_frame() -> None:
    harness = SessionHarness()
    drafts = [Draft("foo", "message", name, ADA, 1, raw(1)) for name in "abcd"]
    entry = Entry(7, "message", "a", ADA, 5, body=raw(1))
    OutcomeWriter(harness.socket, harness.host.metrics).on_outcomes(
        [
            (drafts[0], Appended(entry, duplicate=False, oldest=1, log="a")),
            (drafts[1], Appended(entry, duplicate=True, oldest=1, log="a")),
            (drafts[2], Refused("forbidden", "not yours")),
            (drafts[3], LogUnavailableError("disk full")),
        ]
    )

    assert len(harness.socket.frames) == 1
    *acks, refused, unavailable = harness.socket.lines
    assert acks == [Ack("a", 7, 5, duplicate=False), Ack("b", 7, 5, duplicate=True)]
    assert refused == Error(Code.FORBIDDEN, "not yours", "c")
    assert isinstance(unavailable, Error)
    assert (unavailable.code, unavailable.id, unavailable.retry_ms) == (Code.UNAVAILABLE, "d", RETRY_MS)
    assert "disk" not in unavailable.message
    assert harness.socket.close_code is None
