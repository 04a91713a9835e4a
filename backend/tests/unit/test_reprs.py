"""Test that the `repr` of an object shows its identity and its state."""

from msgspec import Raw

from alcove.storage.base import Draft
from alcove.wire.connection import Frame
from alcove.wire.sse import SseConnection
from tests.support.session_harness import ADA, SessionHarness


async def test_reprs_show_identity_and_state() -> None:
    harness = SessionHarness()
    connection = SseConnection()
    connection.write(Frame(b"{}"))

    assert repr(harness.session) == "<Session of 'ada' in 'foo'>"
    assert repr(harness.session.cursor) == "<Cursor of 'ada' at 0>"
    assert repr(harness.room) == "<Room 'foo' <RoomHistory a 1..50, 0 in memory> <RoomReaders 0 in step, 0 behind>>"
    assert repr(connection) == "<SseConnection open: 2 bytes buffered>"
    assert repr(Draft("foo", "edit", "e", ADA, 1, Raw(b"1"), 3)) == "<Draft edit of 3 'e' by 'ada' in 'foo'>"
    harness.session.on_close(1000)
    assert repr(harness.session) == "<Session of 'ada' in 'foo' closed>"
