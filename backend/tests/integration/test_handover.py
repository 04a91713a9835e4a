"""Test that a connection is handed over from uvicorn after FastAPI's handshake, on both event loops."""

from collections.abc import Iterator

import pytest

from tests.support.client_frames import client_frame
from tests.support.wire_server import LOOPS, TIMEOUT_S, WireServer, disable_garbage_collector, wait_until


@pytest.fixture(params=LOOPS)
def server(request: pytest.FixtureRequest) -> Iterator[WireServer]:
    """Run a server with long deadlines, on either event loop."""
    with WireServer(loop=request.param) as wire_server:
        yield wire_server


def test_messages_are_received_and_sent_after_the_handover(server: WireServer) -> None:
    with server.client() as client:
        assert client.read_handshake() == 101
        client.send(0x81, "zwölf".encode())
        client.send(0x82, b"\xff" * 70_000)

        assert client.read_frame() == (0x81, "zwölf".encode())
        assert client.read_frame() == (0x82, b"\xff" * 70_000)


def test_uvicorn_releases_a_connection_after_the_handover(server: WireServer) -> None:
    with server.client() as client:
        client.read_handshake()
        server.recorder()
        wait_until(lambda: not server.uvicorn.server_state.tasks)

        assert not server.uvicorn.server_state.connections
        assert server.call(lambda: len(server.wheel)) == 1
    wait_until(lambda: server.call(lambda: len(server.wheel)) == 0)


def test_handshake_objects_are_freed_after_the_handover(server: WireServer) -> None:
    with disable_garbage_collector(), server.client() as client:
        client.read_handshake()
        references = server.references.get(timeout=TIMEOUT_S)
        client.send(0x81, b"after")
        assert client.read_frame() == (0x81, b"after")

        wait_until(lambda: server.call(lambda: [ref() for ref in references] == [None] * 3))


def test_dependency_is_exited_after_the_handshake(server: WireServer) -> None:
    with server.client() as client:
        client.read_handshake()

        assert server.dependency_exited.wait(TIMEOUT_S)
        client.send(0x81, b"on and on")
        assert client.read_frame() == (0x81, b"on and on")


def test_bytes_sent_with_the_handshake_are_not_lost(server: WireServer) -> None:
    with server.client(tail=client_frame(0x81, b"hasty")) as client:
        assert client.read_handshake() == 101
        assert client.read_frame() == (0x81, b"hasty")
        client.send(0x81, b"calm")
        assert client.read_frame() == (0x81, b"calm")


def test_bytes_sent_before_the_handshake_response_are_not_lost(server: WireServer) -> None:
    with server.client("/late") as client:
        client.send(0x81, b"one")
        client.send(0x89, b"two")
        client.send(0x88, b"\x03\xe8")
        server.may_accept.set()

        assert client.read_handshake() == 101
        assert [client.read_frame() for _ in range(3)] == [(0x81, b"one"), (0x8A, b"two"), (0x88, b"\x03\xe8")]
        client.assert_ended()


def test_bytes_sent_with_the_handshake_reach_an_asgi_application(server: WireServer) -> None:
    with server.client("/asgi", tail=client_frame(0x81, b"hasty")) as client:
        assert client.read_handshake() == 101
        assert client.read_frame() == (0x81, b"still here")


def test_asgi_application_can_abort_the_connection(server: WireServer) -> None:
    with server.client("/asgi") as client:
        assert client.read_handshake() == 101
        client.send(0x81, b"abort")
        client.assert_ended()


def test_refused_handshake_is_answered_by_uvicorn(server: WireServer) -> None:
    with server.client("/refused") as client:
        assert client.read_handshake() == 403


def test_endpoint_error_before_the_receiver_closes_with_1011(server: WireServer) -> None:
    with server.client("/crash") as client:
        assert client.read_handshake() == 101
        assert client.read_frame() == (0x88, b"\x03\xf3internal error")


def test_receiver_error_closes_with_1011(server: WireServer, caplog: pytest.LogCaptureFixture) -> None:
    with server.client() as client:
        client.read_handshake()
        client.send(0x81, b"fail")
        assert client.read_frame() == (0x88, b"\x03\xf3internal error")
        assert "a receiver failed" in caplog.text
