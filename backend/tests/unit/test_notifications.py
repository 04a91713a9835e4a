"""Test that split messages are joined again, and that no other payloads are joined (X1, X9)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alcove.bus.notifications import PART_BYTES, PartAssembler, ReceivedMessage, payloads

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@given(texts, st.integers(1, 700))
@example("𝄞", PART_BYTES // 4 * 3)
@example("", 1)
def test_x1_a_split_message_is_joined_with_its_last_part(text: str, repeat_count: int) -> None:
    message = (text * repeat_count).encode()
    parts = payloads("p1", "foo", message)
    assembler = PartAssembler()
    received = [assembler.add(part) for part in parts]

    assert received[:-1] == [None] * (len(parts) - 1)
    assert received[-1] == ReceivedMessage("foo", "p1", message)
    assert all(len(part.partition("\n")[2].encode()) <= PART_BYTES for part in parts)


def test_x1_a_message_of_the_largest_part_is_one_payload() -> None:
    assert len(payloads("p1", "foo", b"x" * PART_BYTES)) == 1
    assert len(payloads("p1", "foo", b"x" * (PART_BYTES + 1))) == 2


def test_x1_a_message_of_too_many_parts_has_no_payload() -> None:
    assert len(payloads("p1", "foo", b"x" * (256 * PART_BYTES))) == 256
    assert payloads("p1", "foo", b"x" * (256 * PART_BYTES + 1)) == []


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "foo",
        "a b c",
        "p1 1 foo",
        "p1 1/x foo\nx",
        "p1 x/1 foo",
        "p1 2/2 foo\nb",
        "p1 3/2 foo\nc",
        "p1 1/257 foo\na",
    ],
)
def test_x9_a_malformed_payload_is_ignored(payload: str) -> None:
    assembler = PartAssembler()

    assert assembler.add(payload) is None
    assert assembler.add("p1 1/1 foo\nnext") == ReceivedMessage("foo", "p1", b"next")


def test_x9_parts_of_different_senders_or_channels_are_not_joined() -> None:
    assembler = PartAssembler()
    for payload in ("p1 1/2 foo\na", "p2 2/2 foo\nb", "p1 1/2 foo\na", "p1 2/2 bar\nb"):
        assert assembler.add(payload) is None


def test_x9_a_restarted_message_drops_its_first_parts() -> None:
    assembler = PartAssembler()
    for payload in ("p1 1/3 foo\nold", "p1 2/3 foo\nold", "p1 1/2 foo\nnew "):
        assert assembler.add(payload) is None

    assert assembler.add("p1 2/2 foo\nmessage") == ReceivedMessage("foo", "p1", b"new message")
