"""Test frames, messages and closing on raw sockets, with both carriers (RFC 6455).

A carrier is a WebSocket implementation: `detached` or `asgi`.
"""

from collections.abc import Iterator

import pytest

from tests.support.client_frames import MASK, client_frame
from tests.support.echo_server import assert_accepted, assert_refused, open_echo_client, run_echo_server
from tests.support.servers import Server
from tests.support.wire_server import RawClient

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
SIZES = [0, 1, 125, 126, 65535, 65536, MAX_MESSAGE_BYTES]


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("first_byte", [0x81, 0x82], ids=["text", "binary"])
def test_message_is_echoed_unchanged(client: RawClient, first_byte: int, size: int) -> None:
    """Check RFC 6455, sections 5.2 and 5.6."""
    payload = bytes(range(128)) * (size // 128) + b"z" * (size % 128)
    client.send(first_byte, payload)
    echo = client.read_frame()
    # Compared outside the assert, because the assert would print both values.
    same = echo == (first_byte, payload)
    assert same


def test_text_of_every_utf8_range_is_echoed(client: RawClient) -> None:
    """Check RFC 3629, section 3: the edges of each range."""
    payload = "\0\x7f\x80\u07ff\u0800\ud7ff\ue000\ufffe\uffff\U00010000\U0010ffff".encode()
    client.send(0x81, payload)
    assert client.read_frame() == (0x81, payload)


def test_binary_messages_need_not_be_utf8(client: RawClient) -> None:
    """Check RFC 6455, section 5.6."""
    client.send(0x82, bytes(range(256)))
    assert client.read_frame() == (0x82, bytes(range(256)))


def test_messages_are_echoed_in_order(client: RawClient) -> None:
    client.socket.sendall(b"".join(client_frame(0x81 + number % 2, b"%d" % number) for number in range(100)))
    assert [client.read_frame() for _ in range(100)] == [(0x81 + number % 2, b"%d" % number) for number in range(100)]


def test_message_that_arrives_byte_by_byte_is_echoed(client: RawClient) -> None:
    payload = "κόσμε 😀".encode()
    for byte in client_frame(0x01, payload) + client_frame(0x80, payload):
        client.socket.sendall(bytes((byte,)))
    assert client.read_frame() == (0x81, payload + payload)


@pytest.mark.parametrize("first_byte", [0x01, 0x02], ids=["text", "binary"])
def test_pings_between_fragments_are_answered_at_once(client: RawClient, first_byte: int) -> None:
    """Check RFC 6455, sections 5.4 and 5.5.2."""
    client.send(first_byte, b"one, ")
    client.send(0x89, b"first")
    assert client.read_frame() == (0x8A, b"first")
    client.send(0x00, b"")
    client.send(0x00, b"two, ")
    client.send(0x89)
    assert client.read_frame() == (0x8A, b"")
    client.send(0x8A, b"not asked for")
    client.send(0x89, b"x" * 125)
    assert client.read_frame() == (0x8A, b"x" * 125)
    client.send(0x80, b"three")
    assert client.read_frame() == (0x80 | first_byte, b"one, two, three")
    client.send(0x81, b"and another")
    assert client.read_frame() == (0x81, b"and another")


def test_message_in_fragments_is_limited_to_16_mib(client: RawClient) -> None:
    """Check RFC 6455, section 7.4.1."""
    half = bytes(MAX_MESSAGE_BYTES // 2)
    client.send(0x02, half)
    client.send(0x80, half)
    is_complete = client.read_frame() == (0x82, half + half)
    assert is_complete
    client.send(0x02, half)
    client.send(0x00, half)
    assert_accepted(client)
    client.send(0x80, b"x")
    assert_refused(client, 1009)


@pytest.mark.parametrize("first_byte", [0x81, 0x82, 0x01], ids=["text", "binary", "fragment"])
def test_frame_over_16_mib_is_refused_after_its_header(client: RawClient, first_byte: int) -> None:
    """Check RFC 6455, sections 7.4.1 and 10.4."""
    client.socket.sendall(bytes((first_byte, 0xFF)) + (MAX_MESSAGE_BYTES + 1).to_bytes(8, "big") + MASK)
    assert_refused(client, 1009)


def test_client_that_sent_a_too_large_message_can_read_the_refusal(client: RawClient) -> None:
    """Check RFC 6455, section 7.1.7: a reset would discard the close frame."""
    client.send(0x82, bytes(MAX_MESSAGE_BYTES + 1))
    assert_refused(client, 1009)


@pytest.mark.parametrize("first_byte", [0x81, 0x82, 0x01, 0x88, 0x89, 0x8A])
def test_unmasked_frame_is_refused(client: RawClient, first_byte: int) -> None:
    """Check RFC 6455, section 5.1."""
    client.socket.sendall(bytes((first_byte, 4)) + b"\x03\xe8ok")
    assert_refused(client, 1002)


@pytest.mark.parametrize("bits", [0x10, 0x20, 0x40, 0x70])
@pytest.mark.parametrize("first_byte", [0x81, 0x02, 0x88, 0x89, 0x8A])
def test_reserved_bits_are_refused(client: RawClient, first_byte: int, bits: int) -> None:
    """Check RFC 6455, section 5.2."""
    client.send(first_byte | bits, b"\x03\xe8")
    assert_refused(client, 1002)


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_reserved_opcodes_are_refused(client: RawClient, opcode: int) -> None:
    """Check RFC 6455, section 5.2."""
    client.send(0x80 | opcode, b"what?")
    assert_refused(client, 1002)


@pytest.mark.parametrize("opcode", [0x08, 0x09, 0x0A], ids=["close", "ping", "pong"])
def test_control_frame_in_fragments_is_refused(client: RawClient, opcode: int) -> None:
    """Check RFC 6455, section 5.5."""
    client.send(opcode, b"\x03\xe8")
    assert_refused(client, 1002)


@pytest.mark.parametrize("first_byte", [0x88, 0x89, 0x8A], ids=["close", "ping", "pong"])
def test_control_frame_of_126_bytes_is_refused(client: RawClient, first_byte: int) -> None:
    """Check RFC 6455, section 5.5."""
    client.send(first_byte, b"\x03\xe8" + b"x" * 124)
    assert_refused(client, 1002)


@pytest.mark.parametrize("first_byte", [0x00, 0x80])
def test_continuation_without_a_first_fragment_is_refused(client: RawClient, first_byte: int) -> None:
    """Check RFC 6455, section 5.4."""
    client.send(0x01, b"a message ")
    client.send(0x80, b"and its end")
    assert client.read_frame() == (0x81, b"a message and its end")
    client.send(first_byte, b"and more")
    assert_refused(client, 1002)


@pytest.mark.parametrize("first_byte", [0x01, 0x02, 0x81, 0x82])
def test_new_message_within_a_message_is_refused(client: RawClient, first_byte: int) -> None:
    """Check RFC 6455, section 5.4."""
    client.send(0x01, b"begun")
    client.send(first_byte, b"started again")
    assert_refused(client, 1002)


@pytest.mark.parametrize("inside_message", [False, True], ids=["between messages", "within a message"])
@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999])
def test_close_frame_is_answered_with_its_code(client: RawClient, code: int, inside_message: bool) -> None:  # noqa: FBT001
    """Check RFC 6455, sections 5.4, 5.5.1 and 7.4."""
    if inside_message:
        client.send(0x01, b"begun")
        assert_accepted(client)
    client.send(0x88, code.to_bytes(2, "big") + "tschüs".encode())
    assert_refused(client, code)


@pytest.mark.parametrize("inside_message", [False, True], ids=["between messages", "within a message"])
def test_empty_close_frame_is_answered_with_an_empty_one(client: RawClient, inside_message: bool) -> None:  # noqa: FBT001
    """Check RFC 6455, sections 5.4 and 5.5.1."""
    if inside_message:
        client.send(0x02, b"begun")
        assert_accepted(client)
    client.send(0x88)
    assert client.read_frame() == (0x88, b"")
    client.assert_ended()


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_invalid_close_code_is_refused(client: RawClient, code: int) -> None:
    """Check RFC 6455, section 7.4."""
    client.send(0x88, code.to_bytes(2, "big"))
    assert_refused(client, 1002)


def test_half_a_close_code_is_refused(client: RawClient) -> None:
    """Check RFC 6455, section 5.5.1."""
    client.send(0x88, b"\x03")
    assert_refused(client, 1002)


@pytest.mark.parametrize(
    "after", [client_frame(0x81, b"late"), client_frame(0x89), b"\xff\xff no frame"], ids=["text", "ping", "no"]
)
def test_frames_after_a_close_frame_are_ignored(client: RawClient, after: bytes) -> None:
    """Check RFC 6455, section 5.5.1."""
    client.socket.sendall(client_frame(0x88, b"\x03\xe8") + after)
    assert_refused(client, 1000)
