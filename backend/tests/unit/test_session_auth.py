"""A fresh token on an open connection: what comes behind it waits for its answer (A4)."""

import pytest

from alcove.errors import Close, Code, Refusal
from alcove.protocol import Access, Error, Member, Pong
from tests.unit.seat import ADA, PING, Seat, send

AUTH = '{"type":"auth","token":"fresh"}'
WRITER = Member(ADA, frozenset({"read", "write"}), expires=1_795_000_900.5)
BAD = Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, "the token is not valid", 700)


def drafts(seat: Seat) -> list[str]:
    return [draft.id for draft in seat.host.drafts]


def test_a4_auth_is_answered_with_the_rights_and_the_expiry_that_count_now() -> None:
    seat = Seat(can=["read"])
    seat.hears(AUTH)
    seat.session.renewed(WRITER)

    assert [Access(["read", "write"], 1_795_000_900_500)] == seat.socket.new_lines()


def test_a4_a_refused_auth_is_answered_with_an_error_and_its_retry_time() -> None:
    seat = Seat()
    seat.hears(AUTH)
    seat.session.refused(BAD)

    assert [Error(Code.UNAUTHENTICATED, BAD.message, retry_ms=700)] == seat.socket.new_lines()


@pytest.mark.parametrize("frames", [[f"{AUTH}\n{send('a')}\n{send('b')}"], [AUTH, send("a"), send("b")]])
def test_a4_auth_is_answered_before_the_next_line_counts(frames: list[str]) -> None:
    seat = Seat(can=["read"])
    for frame in frames:
        seat.say(frame)
    assert [] == drafts(seat)
    assert [] == seat.socket.new_lines()
    seat.session.renewed(WRITER)

    assert [Access] == [type(line) for line in seat.socket.new_lines()]
    assert ["a", "b"] == drafts(seat)


def test_a4_lines_before_an_auth_count_before_it_and_lines_behind_a_bad_one_count_too() -> None:
    seat = Seat()
    seat.say(f"{PING}\n{AUTH}\n{PING}\n{send('a')}")
    assert [Pong()] == seat.socket.new_lines()
    seat.session.refused(BAD)

    assert [Error, Pong] == [type(line) for line in seat.socket.new_lines()]
    assert ["a"] == drafts(seat)


def test_a4_several_auths_are_checked_and_answered_in_turn() -> None:
    seat = Seat()
    seat.say(f"{AUTH}\n{send('a')}\n{AUTH}\n{send('b')}")
    seat.say(send("c"))
    seat.session.renewed(WRITER)
    assert (["a"], 2) == (drafts(seat), len(seat.host.tokens))
    seat.session.renewed(WRITER)

    assert ["a", "b", "c"] == drafts(seat)


def test_a4_while_a_token_is_checked_nothing_is_read() -> None:
    seat = Seat()
    seat.say(f"{AUTH}\n{AUTH}")
    assert seat.socket.paused
    seat.session.renewed(WRITER)
    assert seat.socket.paused
    seat.session.refused(BAD)

    assert not seat.socket.paused


def test_a4_what_waits_behind_a_token_without_the_right_to_read_does_not_count() -> None:
    seat = Seat()
    seat.say(f"{AUTH}\n{send('a')}")
    seat.session.renewed(Member(ADA, frozenset({"write"})))

    assert Close.FORBIDDEN == seat.socket.close_code
    assert [] == drafts(seat)


@pytest.mark.parametrize("answer", ["renewed", "refused"])
@pytest.mark.parametrize("over", ["closed", "ended"])
def test_a4_what_waits_when_the_connection_ends_does_not_count(over: str, answer: str) -> None:
    seat = Seat()
    seat.say(f"{AUTH}\n{send('a')}")
    if over == "closed":
        seat.session.closed(1006)
    else:
        seat.session.end(BAD)
    seat.say(send("b"))
    if answer == "renewed":
        seat.session.renewed(WRITER)
    else:
        seat.session.refused(BAD)

    assert [] == drafts(seat)
