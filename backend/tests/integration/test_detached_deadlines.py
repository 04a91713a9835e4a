"""Test that a detached connection is closed when its client exceeds a deadline, on both event loops."""

import pytest

from alcove.wire.connection import Frame, text_frame
from tests.support.wire_server import LONG_DEADLINES, LOOPS, WireServer, wait_for_close, wait_until

pytestmark = pytest.mark.parametrize("loop", LOOPS)


def server_with_deadline(loop: str, **seconds: float) -> WireServer:
    """Return a server with one short deadline."""
    return WireServer(loop=loop, deadlines=LONG_DEADLINES._replace(**seconds))


def test_connection_is_aborted_if_its_close_frame_is_not_answered(loop: str) -> None:
    """Check RFC 6455, section 7.1.1."""
    with server_with_deadline(loop, close_s=0.1) as server, server.client() as client:
        client.read_handshake()
        recorder = server.recorder()
        server.call(lambda: recorder.connection.close(4000, "done"))
        assert client.read_frame() == (0x88, b"\x0f\xa0done")
        client.assert_ended()
        assert wait_for_close(recorder) == 4000


def test_stuck_reader_is_aborted_when_the_server_closes_it(loop: str) -> None:
    with server_with_deadline(loop, close_s=0.1) as server, server.client(receive_buffer=4096) as client:
        client.read_handshake()
        recorder = server.recorder()
        server.call(lambda: recorder.connection.write(Frame(b"x" * 10_000_000, binary=True)))
        server.call(lambda: recorder.connection.close(4000))
        assert wait_for_close(recorder) == 4000
        wait_until(lambda: server.call(lambda: len(server.wheel)) == 0)


def test_stuck_reader_that_sent_a_close_frame_is_aborted(loop: str) -> None:
    with server_with_deadline(loop, close_s=0.1) as server, server.client(receive_buffer=4096) as client:
        client.read_handshake()
        recorder = server.recorder()
        server.call(lambda: recorder.connection.try_write(Frame(b"x" * 10_000_000, binary=True)))
        client.send(0x88, b"\x03\xe8")
        assert wait_for_close(recorder) == 1000
        wait_until(lambda: server.call(lambda: len(server.wheel)) == 0)


@pytest.mark.parametrize(
    "unfinished_frame", [b"\x81", b"\x81\x85\0\0", b"\x82\xfe\x01\x00\0\0\0\0half", b"\x89\x84\0\0\0\0pi"]
)
def test_unfinished_frame_times_out(loop: str, unfinished_frame: bytes) -> None:
    with server_with_deadline(loop, frame_s=0.1) as server, server.client() as client:
        client.read_handshake()
        client.socket.sendall(unfinished_frame)
        assert client.read_frame() == (0x88, b"\x11\x38the rest of a frame did not arrive in time")
        client.assert_ended()
        assert wait_for_close(server.recorder()) == 4408


def test_frame_that_arrives_byte_by_byte_times_out(loop: str) -> None:
    with server_with_deadline(loop, frame_s=0.2) as server, server.client() as client:
        client.read_handshake()
        client.socket.sendall(b"\x82\xfe\xff\xff\0\0\0\0")
        client.socket.settimeout(0.02)
        while True:
            client.socket.sendall(b"x")
            try:
                first = client.read_exactly(2)
            except TimeoutError:
                continue
            break
        assert first[:1] == b"\x88"


def test_p3_client_that_answers_no_ping_is_closed_with_4408(loop: str) -> None:
    with server_with_deadline(loop, ping_s=0.1, pong_s=0.1) as server, server.client() as client:
        client.read_handshake()
        assert client.read_frame() == (0x89, b"")
        assert client.read_frame() == (0x88, b"\x11\x38heartbeat missed")
        client.assert_ended()
        assert wait_for_close(server.recorder()) == 4408


def test_p3_client_that_answers_is_pinged_again(loop: str) -> None:
    with server_with_deadline(loop, ping_s=0.05, pong_s=5) as server, server.client() as client:
        client.read_handshake()
        for _ in range(3):
            assert client.read_frame() == (0x89, b"")
            client.send(0x8A)
        client.send(0x81, b"alive")
        while (frame := client.read_frame()) == (0x89, b""):
            client.send(0x8A)
        assert frame == (0x81, b"alive")


def test_d2_slow_reader_with_a_backlog_is_not_disconnected(loop: str) -> None:
    """The ping waits behind unread data, so the server measures progress by the bytes that its kernel has sent."""
    with server_with_deadline(loop, ping_s=0.1, pong_s=0.6) as server, server.client(receive_buffer=4096) as client:
        client.read_handshake()
        recorder = server.recorder()
        size = 4_000_000
        server.call(lambda: recorder.connection.write(Frame(b"x" * size, binary=True)))
        client.read_exactly(10)
        read_bytes, client.unread = len(client.unread), b""
        started = now = server.call(lambda: server.wheel.now)
        while now < started + 2:
            read_bytes += len(client.socket.recv(2000))
            wait_until(lambda now=now: server.call(lambda: server.wheel.now) > now)  # type: ignore[misc]  # bound now
            now = server.call(lambda: server.wheel.now)

        assert read_bytes < size
        assert client.read_exactly(size - read_bytes) == b"x" * (size - read_bytes)
        assert client.read_frame() == (0x89, b"")


def test_p3_hung_client_times_out_although_its_kernel_accepts_bytes(loop: str) -> None:
    with server_with_deadline(loop, ping_s=0.1, pong_s=0.2) as server, server.client() as client:
        client.read_handshake()
        recorder = server.recorder()
        while recorder.received.empty():
            server.call(lambda: recorder.connection.try_write(text_frame("news of the room")))
        assert wait_for_close(recorder) == 4408


def test_p3_client_that_accepts_no_bytes_of_a_backlog_times_out(loop: str) -> None:
    with (
        server_with_deadline(loop, ping_s=0.1, pong_s=0.2, close_s=0.1) as server,
        server.client(receive_buffer=4096) as client,
    ):
        client.read_handshake()
        recorder = server.recorder()
        server.call(lambda: recorder.connection.write(Frame(b"x" * 10_000_000, binary=True)))
        assert wait_for_close(recorder) == 4408
        wait_until(lambda: server.call(lambda: len(server.wheel)) == 0)
