"""Test that text is refused at its first byte that is not UTF-8, with both carriers (RFC 6455, section 8.1).

A carrier is a WebSocket implementation: `detached` or `asgi`.
"""

from collections.abc import Iterator

import pytest

from tests.support.echo_server import (
    assert_accepted,
    assert_refused,
    incomplete_frame,
    open_echo_client,
    run_echo_server,
)
from tests.support.servers import Server
from tests.support.wire_server import RawClient

#: Bytes that are not UTF-8, each up to the first invalid byte.
INVALID_UTF8 = {
    "a continuation": b"\x80",
    "overlong in two": b"\xc0",
    "overlong in two, the last": b"\xc1",
    "overlong in three": b"\xe0\x9f",
    "the first surrogate": b"\xed\xa0",
    "the last surrogate": b"\xed\xbf",
    "overlong in four": b"\xf0\x8f",
    "too large": b"\xf4\x90",
    "too large from its first byte on": b"\xf5",
    "no such byte": b"\xff",
    "broken off after one": b"\xc3(",
    "broken off after two": b"\xe2\x82(",
    "broken off after three": b"\xf0\x9f\x98(",
    "a character cut by the next": b"\xe2\x82\xe2",
}
each_invalid_text = pytest.mark.parametrize("invalid", INVALID_UTF8.values(), ids=INVALID_UTF8.keys())


@pytest.fixture(scope="module")
def server(carrier: str) -> Iterator[Server]:
    """Run the echo server on either carrier."""
    with run_echo_server(carrier) as echo:
        yield echo


@pytest.fixture
def client(server: Server) -> Iterator[RawClient]:
    """Connect a client, and complete its handshake."""
    with open_echo_client(server) as raw_client:
        yield raw_client


@each_invalid_text
def test_invalid_utf8_in_a_whole_message_is_refused(client: RawClient, invalid: bytes) -> None:
    """Check RFC 6455, section 8.1."""
    client.send(0x81, "gut – ".encode() + invalid + b" and more")
    assert_refused(client, 1007)


@each_invalid_text
def test_unfinished_frame_is_refused_at_its_first_invalid_utf8_byte(client: RawClient, invalid: bytes) -> None:
    """Check RFC 6455, section 8.1."""
    client.socket.sendall(incomplete_frame(0x81, "gut – ".encode() + invalid))
    assert_refused(client, 1007)


@each_invalid_text
def test_unfinished_fragment_is_refused_at_its_first_invalid_utf8_byte(client: RawClient, invalid: bytes) -> None:
    """Check RFC 6455, sections 5.4 and 8.1: a code point may begin in the previous fragment."""
    client.send(0x01, "gut – ".encode() + invalid[:-1])
    assert_accepted(client)
    client.socket.sendall(incomplete_frame(0x00, invalid[-1:]))
    assert_refused(client, 1007)


@each_invalid_text
def test_fragment_that_makes_utf8_invalid_is_refused(client: RawClient, invalid: bytes) -> None:
    """Check RFC 6455, sections 5.4 and 8.1."""
    client.send(0x01, "gut – ".encode() + invalid[:-1])
    assert_accepted(client)
    client.send(0x00, invalid[-1:])
    assert_refused(client, 1007)


@pytest.mark.parametrize("incomplete", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98"])
def test_message_that_ends_within_a_code_point_is_refused(client: RawClient, incomplete: bytes) -> None:
    """Check RFC 6455, section 8.1."""
    client.send(0x01, incomplete)
    assert_accepted(client)
    client.send(0x80)
    assert_refused(client, 1007)


def test_code_point_may_be_split_over_fragments(client: RawClient) -> None:
    """Check RFC 6455, section 5.6."""
    payload = "é–😀\ud7ff\U0010ffff".encode()
    client.send(0x01)
    for index in range(len(payload)):
        client.send(0x00, payload[index : index + 1])
        assert_accepted(client)
    client.send(0x80)
    assert client.read_frame() == (0x81, payload)


@each_invalid_text
def test_close_reason_that_is_not_utf8_is_refused(client: RawClient, invalid: bytes) -> None:
    """Check RFC 6455, sections 5.5.1 and 8.1."""
    client.send(0x88, b"\x03\xe8" + invalid)
    assert_refused(client, 1007)
