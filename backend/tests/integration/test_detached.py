"""Test detached connections on raw sockets: the rules of RFC 6455 and the limits, on both event loops."""

import socket
import time
from collections.abc import Iterator

import pytest

from alcove.wire.connection import BUFFER_BYTES, Frame, text_frame
from tests.support.client_frames import client_frame
from tests.support.wire_server import LOOPS, TIMEOUT_S, WireServer, detached_connection, wait_for_close, wait_until

#: The mask of a frame, and more bytes than the server must read.
REST_OF_FRAME = b"\0" * 1000


@pytest.fixture(params=LOOPS)
def server(request: pytest.FixtureRequest) -> Iterator[WireServer]:
    """Run a server with long deadlines, on either event loop."""
    with WireServer(loop=request.param) as wire_server:
        yield wire_server


def test_pings_are_answered(server: WireServer) -> None:
    """Check RFC 6455, section 5.5.2."""
    with server.client() as client:
        client.read_handshake()
        client.send(0x89, b"\x00\x01")
        assert client.read_frame() == (0x8A, b"\x00\x01")


@pytest.mark.parametrize("payload", [b"", b"\x03\xe8", b"\x0f\xa0"])
def test_close_frame_is_answered_with_its_code(server: WireServer, payload: bytes) -> None:
    """Check RFC 6455, sections 5.5.1 and 7.1.1."""
    with server.client() as client:
        client.read_handshake()
        client.send(0x88, payload)
        assert client.read_frame() == (0x88, payload)
        client.assert_ended()
        assert server.recorder().next() == (int.from_bytes(payload, "big") or 1005)


def test_close_frame_within_a_message_is_answered(server: WireServer) -> None:
    """Check RFC 6455, section 5.4."""
    with server.client() as client:
        client.read_handshake()
        client.send(0x01, b"begun")
        client.send(0x88, b"\x03\xe8")
        assert client.read_frame() == (0x88, b"\x03\xe8")
        client.assert_ended()


def test_frames_after_the_servers_close_frame_are_ignored(server: WireServer) -> None:
    """Check RFC 6455, section 5.5.1."""
    with server.client() as client:
        client.read_handshake()
        client.socket.sendall(
            client_frame(0x81, b"close 4000") + client_frame(0x81, b"late") + client_frame(0x88, b"\x0f\xa0")
        )

        assert client.read_frame() == (0x88, b"\x0f\xa0as told")
        client.assert_ended()
        recorder = server.recorder()
        assert [recorder.next(), recorder.next()] == ["close 4000", 4000]


def test_protocol_violation_gets_a_close_frame(server: WireServer) -> None:
    """Check RFC 6455, section 7.1.7."""
    with server.client() as client:
        client.read_handshake()
        client.socket.sendall(client_frame(0x81, b"good") + b"\x83\x80" + REST_OF_FRAME)

        assert client.read_frame() == (0x81, b"good")
        assert client.read_frame()[1][:2] == b"\x03\xea"
        client.assert_ended()
        recorder = server.recorder()
        assert [recorder.next(), recorder.next()] == ["good", 1002]


def test_client_still_sending_a_large_message_can_read_the_refusal(server: WireServer) -> None:
    """Check L1 and RFC 6455, section 10.4: the server reads the rest, because a reset would discard its close frame."""
    with server.client() as client:
        client.read_handshake()
        client.send(0x82, b"x" * (1024 * 1024 + 1))
        assert client.read_frame()[1][:2] == b"\x03\xf1"
        client.assert_ended()


def test_half_closed_client_gets_all_buffered_bytes(server: WireServer) -> None:
    """Check RFC 6455, section 7.1.5: the close code without a close frame is 1006."""
    with server.client() as client:
        client.read_handshake()
        client.send(0x81, b"last words")
        client.socket.shutdown(socket.SHUT_WR)

        assert client.read_frame() == (0x81, b"last words")
        client.assert_ended()
        recorder = server.recorder()
        assert [recorder.next(), recorder.next()] == ["last words", 1006]


def test_d2_try_write_refuses_frames_beyond_the_buffer_limit(server: WireServer) -> None:
    frame = Frame(b"x" * 5000, binary=True)
    with server.client(receive_buffer=4096) as client:
        client.read_handshake()
        connection = detached_connection(server.recorder())

        def fill() -> int:
            accepted_count = 0
            while connection.try_write(frame):
                accepted_count += 1
                assert connection.buffered_bytes() <= BUFFER_BYTES
            return accepted_count

        accepted_count = 0
        while newly_accepted := server.call(fill):
            accepted_count += newly_accepted
        assert server.call(connection.buffered_bytes) > BUFFER_BYTES - len(frame.wire)
        for _ in range(accepted_count):
            assert client.read_frame() == (0x82, frame.payload)
        assert server.run_coroutine(connection.wait_writable())
        assert server.call(lambda: connection.try_write(text_frame("in step")))
        assert client.read_frame() == (0x81, b"in step")


def test_d2_wait_writable_returns_when_the_connection_closes(server: WireServer) -> None:
    with server.client(receive_buffer=4096) as client:
        client.read_handshake()
        connection = detached_connection(server.recorder())
        server.call(lambda: connection.write(Frame(b"x" * 10_000_000, binary=True)))
        waiter = server.call(lambda: server.loop.create_task(connection.wait_writable()))
        client.socket.close()
        wait_until(waiter.done)

        assert waiter.result() is False
        assert server.call(lambda: connection.try_write(text_frame("to nobody")))


def test_server_stops_reading_a_client_that_does_not_read(server: WireServer) -> None:
    frame = client_frame(0x82, b"x" * 100_000)
    with server.client(receive_buffer=4096) as client:
        client.read_handshake()
        recorder = server.recorder()
        client.socket.setblocking(False)
        sent_bytes = 0
        connection = detached_connection(recorder)
        deadline = time.monotonic() + TIMEOUT_S
        while not server.call(lambda: connection._reading_paused):
            assert time.monotonic() < deadline
            try:
                sent_bytes += client.socket.send(frame[sent_bytes % len(frame) :])
            except BlockingIOError:
                continue
        client.socket.settimeout(TIMEOUT_S)

        assert server.call(connection.buffered_bytes) < BUFFER_BYTES + 3 * len(frame)
        for _ in range(sent_bytes // len(frame)):
            assert client.read_frame() == (0x82, b"x" * 100_000)


def test_z1_all_connections_are_closed_with_1012_within_the_time_limit(server: WireServer) -> None:
    clients = [server.client() for _ in range(20)]
    for client in clients:
        client.read_handshake()
    recorders = [server.recorder() for _ in clients]
    silent_client, *closing_clients = clients
    close_task = server.call(lambda: server.loop.create_task(server.wheel.close_all(1012, "restart", within_s=0.5)))
    for client in closing_clients:
        assert client.read_frame() == (0x88, b"\x03\xf4restart")
        client.send(0x88, b"\x03\xf4")
        client.assert_ended()
    wait_until(close_task.done)

    assert silent_client.read_frame() == (0x88, b"\x03\xf4restart")
    silent_client.assert_ended()
    assert [wait_for_close(recorder) for recorder in recorders] == [1012] * 20
    for client in clients:
        client.socket.close()
