"""Test one session without socket, event loop or clock: its frames, marks, rights and close (F, P, A, C)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.errors import Close, Code, Refusal
from alcove.protocol import Error, Member, Pong
from alcove.rooms import session as session_module
from tests.support.json_strategies import client_lines
from tests.support.session_harness import ADA, PING, SessionHarness, send


def test_f1_the_lines_of_a_frame_are_answered_in_one_frame() -> None:
    harness = SessionHarness()
    harness.session.on_text(f"{PING}\n{PING}\n{PING}")

    assert len(harness.socket.frames) == 1
    assert harness.socket.lines == [Pong()] * 3


@pytest.mark.parametrize("blank", ["", "\r", " ", "\t \r"])
def test_f1_blank_lines_and_trailing_carriage_returns_are_ignored(blank: str) -> None:
    harness = SessionHarness()

    assert harness.answers_to(blank, PING + "\r", blank, PING, blank) == [Pong(), Pong()]
    assert harness.answers_to(blank) == []


def test_f1_blank_lines_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame may have a million blank lines; an exception for each would block the process for seconds."""
    harness = SessionHarness()
    decoded: list[str] = []
    monkeypatch.setattr(session_module, "decode", decoded.append)
    harness.send_frame("\n" * 1000 + " \r\n" * 1000)

    assert decoded == []


@pytest.mark.parametrize("line", ["", " \t", PING])
def test_l6_a_frame_of_many_lines_takes_a_turn_for_each_64(line: str) -> None:
    harness = SessionHarness()

    assert harness.send_frame("\n".join([line] * 1000)) == 16
    assert harness.send_frame("\n".join([line] * 64)) == 1


def test_l6_long_lines_use_up_a_turn_by_their_bytes() -> None:
    harness = SessionHarness()

    assert harness.send_frame("\n".join(['{"type":"ping","x":"' + "y" * 70_000 + '"}'] * 10)) == 10
    assert harness.socket.lines == [Pong()] * 10


def test_l6_answers_keep_their_order_over_turns() -> None:
    harness = SessionHarness(sends_per_s=0)
    lines = [send(str(n)) if n % 2 else f'{{"type":"no","id":"{n}"}}\n{PING}' for n in range(300)]

    errors = [line.id for line in harness.answers_to(*lines) if isinstance(line, Error)]

    assert errors == [str(n) for n in range(0, 300, 2)]
    assert [draft.id for draft in harness.host.drafts] == [str(n) for n in range(1, 300, 2)]


def test_l6_f2_invalid_lines_in_a_row_are_counted_over_turns() -> None:
    harness = SessionHarness()

    assert harness.error_codes(*[PING] * 60, *["x"] * 20, send("late")) == ["invalid"] * 10
    assert harness.socket.close_code == Close.INVALID
    assert harness.host.drafts == []


def test_l6_an_end_between_two_turns_discards_the_rest_of_the_frame() -> None:
    harness = SessionHarness()
    later_turns = harness.session.on_text("\n".join([PING] * 64 + [send("late")]))
    assert later_turns is not None
    harness.session.end(Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, "the token expired"))

    assert list(later_turns) == []
    assert harness.host.drafts == []


def test_f1_an_invalid_line_does_not_affect_other_lines() -> None:
    harness = SessionHarness()

    lines = harness.answers_to(send("a"), "no JSON", send("b"), '{"type":"send","id":"c"}', PING, send("d"))

    assert [draft.id for draft in harness.host.drafts] == ["a", "b", "d"]
    assert [type(line) for line in lines] == [Error, Error, Pong]
    assert isinstance(lines[1], Error)
    assert (lines[1].code, lines[1].id) == ("invalid", "c")


def test_f2_ten_invalid_lines_in_a_row_close_with_4400() -> None:
    harness = SessionHarness()
    for _ in range(9):
        assert harness.error_codes("{}") == ["invalid"]
        assert harness.socket.close_code is None

    assert harness.error_codes('{"type":"no such"}') == ["invalid"]
    assert harness.socket.close_code == Close.INVALID


def test_f2_lines_after_ten_invalid_ones_in_a_frame_are_ignored() -> None:
    harness = SessionHarness()

    assert harness.error_codes(*["x"] * 10, send("late"), *["x"] * 5) == ["invalid"] * 10
    assert harness.socket.close_code == Close.INVALID
    assert harness.host.drafts == []
    assert harness.answers_to(send("later")) == []
    assert harness.host.drafts == []


@pytest.mark.parametrize("line", [PING, send(), '{"type":"typing"}', send(body="x" * 101)])
async def test_f2_a_valid_line_resets_the_count_of_invalid_lines(line: str) -> None:
    harness = SessionHarness()

    for _ in range(3):
        harness.answers_to(*["x"] * 9, "", line)

    assert harness.socket.close_code is None


def test_c_1003_a_binary_frame_closes_the_connection() -> None:
    harness = SessionHarness()
    harness.session.on_binary(b"{}")

    assert harness.socket.close_code == Close.NOT_TEXT


def test_a_closed_connection_leaves_the_room() -> None:
    harness = SessionHarness()
    harness.session.on_close(1006)

    assert harness.host.left_sessions == [harness.session]


def test_p4_typing_without_the_right_to_write_is_forbidden() -> None:
    assert SessionHarness(rights=["read"]).error_codes('{"type":"typing"}') == ["forbidden"]


async def test_p5_a_mark_beyond_the_head_counts_as_the_head() -> None:
    harness = SessionHarness()
    harness.answers_to('{"type":"read","seq":7}')
    harness.answers_to('{"type":"read","seq":9007199254740991}', '{"type":"read","seq":3}')

    assert harness.room.presence.take_unstored_marks() == {"ada": 50}
    harness.room.close()


def test_a4_a_fresh_token_is_passed_to_the_host_and_its_rights_apply() -> None:
    harness = SessionHarness(rights=["read"])
    harness.answers_to('{"type":"auth","token":"fresh"}')
    assert harness.host.tokens == ["fresh"]
    harness.session.renewed(Member(ADA, frozenset({"read", "write"})))
    harness.socket.new_lines()

    assert harness.answers_to(send()) == []
    harness.answers_to('{"type":"auth","token":"another"}')
    harness.session.renewed(Member(ADA, frozenset({"write"})))
    assert harness.socket.close_code == Close.FORBIDDEN


def test_h4_the_reason_of_a_close_is_sent_before_it() -> None:
    harness = SessionHarness()
    harness.session.end(Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, "the token expired"))

    assert harness.socket.new_lines() == [Error(Code.UNAUTHENTICATED, "the token expired")]
    assert (harness.socket.close_code, harness.socket.close_reason) == (Close.UNAUTHENTICATED, "the token expired")
    assert harness.answers_to(send()) == []
    assert harness.host.drafts == []


@given(
    frames=st.lists(st.lists(client_lines, max_size=6).map("\n".join) | st.text(), max_size=8),
    binary=st.none() | st.binary(),
)
async def test_f2_any_input_gets_valid_replies_and_stores_valid_drafts(frames: list[str], binary: bytes | None) -> None:
    harness = SessionHarness(sends_per_s=0)
    for frame in frames:
        harness.send_frame(frame)
    if binary is not None:
        harness.session.on_binary(binary)
    harness.room.close()

    errors = [line for line in harness.socket.lines if isinstance(line, Error)]
    assert all(isinstance(line, Error | Pong) for line in harness.socket.lines)
    assert harness.socket.close_code in {None, Close.INVALID, Close.NOT_TEXT}
    for draft in harness.host.drafts:
        assert 1 <= len(draft.id) <= 64
        assert draft.body is None or len(memoryview(draft.body)) <= 100
        assert draft.body is None or b"\n" not in bytes(draft.body)
        assert (draft.target is None) == (draft.kind == "message")
        assert (draft.body is None) == (draft.kind == "delete")
    lines = [line for frame in frames for line in frame.split("\n") if line.strip()]
    assert len(errors) + len(harness.host.drafts) <= len(lines)
