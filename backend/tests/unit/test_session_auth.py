"""Test that lines after a new token on an open connection wait until the token is checked (A4)."""

import pytest

from alcove.errors import Close, Code, Refusal
from alcove.protocol import Access, Error, Member, Pong
from tests.support.session_harness import ADA, PING, SessionHarness, send

AUTH = '{"type":"auth","token":"fresh"}'
WRITER = Member(ADA, frozenset({"read", "write"}), expires=1_795_000_900.5)
REFUSED_TOKEN = Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, "the token is not valid", 700)


def draft_ids(harness: SessionHarness) -> list[str]:
    """Return the ids of the drafts that the session has submitted."""
    return [draft.id for draft in harness.host.drafts]


def test_a4_auth_is_answered_with_the_new_rights_and_expiry() -> None:
    harness = SessionHarness(rights=["read"])
    harness.answers_to(AUTH)
    harness.session.renewed(WRITER)

    assert harness.socket.new_lines() == [Access(["read", "write"], 1_795_000_900_500)]


def test_a4_a_refused_auth_is_answered_with_an_error_and_its_retry_time() -> None:
    harness = SessionHarness()
    harness.answers_to(AUTH)
    harness.session.refused(REFUSED_TOKEN)

    assert harness.socket.new_lines() == [Error(Code.UNAUTHENTICATED, REFUSED_TOKEN.message, retry_ms=700)]


@pytest.mark.parametrize("frames", [[f"{AUTH}\n{send('a')}\n{send('b')}"], [AUTH, send("a"), send("b")]])
def test_a4_auth_is_answered_before_the_next_line_is_processed(frames: list[str]) -> None:
    harness = SessionHarness(rights=["read"])
    for frame in frames:
        harness.send_frame(frame)
    assert draft_ids(harness) == []
    assert harness.socket.new_lines() == []
    harness.session.renewed(WRITER)

    assert [type(line) for line in harness.socket.new_lines()] == [Access]
    assert draft_ids(harness) == ["a", "b"]


def test_a4_lines_before_and_after_a_refused_auth_are_processed_in_order() -> None:
    harness = SessionHarness()
    harness.send_frame(f"{PING}\n{AUTH}\n{PING}\n{send('a')}")
    assert harness.socket.new_lines() == [Pong()]
    harness.session.refused(REFUSED_TOKEN)

    assert [type(line) for line in harness.socket.new_lines()] == [Error, Pong]
    assert draft_ids(harness) == ["a"]


def test_a4_several_auths_are_checked_and_answered_in_turn() -> None:
    harness = SessionHarness()
    harness.send_frame(f"{AUTH}\n{send('a')}\n{AUTH}\n{send('b')}")
    harness.send_frame(send("c"))
    harness.session.renewed(WRITER)
    assert (draft_ids(harness), len(harness.host.tokens)) == (["a"], 2)
    harness.session.renewed(WRITER)

    assert draft_ids(harness) == ["a", "b", "c"]


def test_a4_nothing_is_read_while_a_token_is_checked() -> None:
    harness = SessionHarness()
    harness.send_frame(f"{AUTH}\n{AUTH}")
    assert harness.socket.paused
    harness.session.renewed(WRITER)
    assert harness.socket.paused
    harness.session.refused(REFUSED_TOKEN)

    assert not harness.socket.paused


def test_a4_lines_after_a_token_without_the_right_to_read_are_discarded() -> None:
    harness = SessionHarness()
    harness.send_frame(f"{AUTH}\n{send('a')}")
    harness.session.renewed(Member(ADA, frozenset({"write"})))

    assert harness.socket.close_code == Close.FORBIDDEN
    assert draft_ids(harness) == []


def test_l6_lines_wait_50_ms_after_each_32_refused_ones() -> None:
    harness = SessionHarness(rights=["read"])
    harness.host.keep_timers = True
    harness.send_frame("\n".join(send(str(n)) for n in range(40)))
    harness.send_frame(PING)
    assert [type(line) for line in harness.socket.new_lines()] == [Error] * 32
    assert harness.socket.paused

    [(delay_s, resume)] = harness.host.timers
    assert delay_s == pytest.approx(0.05)
    resume()
    assert [type(line) for line in harness.socket.new_lines()] == [Error] * 8 + [Pong]
    assert not harness.socket.paused


def test_l6_a4_checks_of_tokens_start_100_ms_apart() -> None:
    harness = SessionHarness()
    for _ in range(3):
        harness.send_frame(AUTH)
        harness.session.refused(REFUSED_TOKEN)
    assert harness.host.waits_s == pytest.approx([0, 0.1, 0.2])

    harness.host.clock.now += 0.25
    harness.send_frame(AUTH)
    harness.session.renewed(WRITER)
    harness.host.clock.now += 60
    harness.send_frame(AUTH)

    assert harness.host.waits_s[3:] == pytest.approx([0.05, 0])


@pytest.mark.parametrize("outcome", ["renewed", "refused"])
@pytest.mark.parametrize("end", ["closed", "ended"])
def test_a4_lines_waiting_for_an_auth_are_discarded_at_the_end(end: str, outcome: str) -> None:
    harness = SessionHarness()
    harness.send_frame(f"{AUTH}\n{send('a')}")
    if end == "closed":
        harness.session.on_close(1006)
    else:
        harness.session.end(REFUSED_TOKEN)
    harness.send_frame(send("b"))
    if outcome == "renewed":
        harness.session.renewed(WRITER)
    else:
        harness.session.refused(REFUSED_TOKEN)

    assert draft_ids(harness) == []
