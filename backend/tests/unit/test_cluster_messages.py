"""Test the codec of messages between processes: what is encoded is decoded, all else is refused (X1, X9)."""

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alcove.cluster.messages import (
    ChatLine,
    ClusterMessage,
    EntriesStored,
    HeadMoved,
    MembersChanged,
    MembersRequest,
    MembersResponse,
    MemberTyping,
    ProcessAlive,
    ProcessEnded,
    ReadMarksMoved,
    decode,
)
from alcove.cluster.messages import encode as encode_message
from alcove.protocol import Entry, encode, raw
from tests.support.memory_rooms import ADA, entries
from tests.support.storm import example_count

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
numbers = st.integers(0, 2**53 - 1)
presences = st.lists(st.tuples(text, text, numbers), max_size=3)
messages: st.SearchStrategy[ClusterMessage] = st.one_of(
    st.builds(EntriesStored, numbers, numbers),
    st.builds(HeadMoved, text, numbers),
    st.builds(MembersChanged, text, presences, st.booleans()),
    st.builds(MemberTyping, text, text),
    st.builds(ReadMarksMoved, st.dictionaries(text, numbers, max_size=3)),
    st.builds(ProcessAlive, text),
    st.builds(ProcessEnded, text),
    st.builds(MembersRequest, text, st.lists(text, max_size=3)),
    st.builds(MembersResponse, text, st.dictionaries(text, presences, max_size=3)),
    st.builds(ChatLine, text),
)


@settings(max_examples=example_count(30))
@given(messages)
def test_x1_every_message_is_decoded_as_it_was_encoded(message: ClusterMessage) -> None:
    assert decode(encode_message(message)) == (message, [])


@settings(max_examples=example_count(30))
@given(st.lists(text | st.dictionaries(text, text | numbers, max_size=2), max_size=3))
@example(["a\nb\r\n", "\x00", {"\n": "\u2028"}])
def test_x1_entries_with_any_bodies_follow_a_message(bodies: list[object]) -> None:
    """A line break in a body is escaped, so it does not end the entry's line."""
    stored = [Entry(seq, "message", f"id-{seq}", ADA, 0, body=raw(body)) for seq, body in enumerate(bodies, 1)]
    message = EntriesStored(len(bodies), 1)

    assert decode(encode_message(message, [encode(entry) for entry in stored])) == (message, stored)


@given(st.binary(max_size=40) | text.map(str.encode))
@example(b"")
@example(b"\n")
@example(b'{"kind":"alive"}')
@example(b'{"kind":"alive","process":1}')
@example(b'{"kind":"alive","process":"\xff"}')
@example(b'{"kind":"alive","process":"p1","since":' + 100_000 * b"[")
@example(b'{"kind":"unknown"}')
@example(b'{"process":"p1"}')
@example(b'{"kind":"stored","head":1e400,"oldest":1}')
def test_x9_anything_else_on_the_bus_is_a_decode_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data)


def test_x9_one_malformed_entry_refuses_the_whole_message() -> None:
    first, second = (encode(entry) for entry in entries(1, 2))
    with pytest.raises(msgspec.DecodeError):
        decode(encode_message(EntriesStored(2, 1), [first, second[:-1]]))


def test_x1_unknown_fields_are_ignored() -> None:
    assert decode(b'{"kind":"alive","process":"p1","since":[1,{"a":2}]}') == (ProcessAlive("p1"), [])
