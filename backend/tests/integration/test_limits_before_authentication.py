"""Test the limits before authentication: heads, time, handshakes, and refused credentials (L)."""

import re
import socket
import time

import pytest

from tests.support import endpoints
from tests.support.clients import connect
from tests.support.credentials import SECRET, token
from tests.support.endpoints import ACCEPTED, Credential, query
from tests.support.http import blocking_http, http
from tests.support.raw_sockets import open_connection, read_to_end
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.servers import ON_ONE_CARRIER, Server, Start

TIMEOUT_S = 60
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HEALTH_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"
#: A request without a credential, from an address behind a trusted proxy; the server waits for its body.
UNAUTHENTICATED_REQUEST = (
    b"POST /api/session HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 192.0.2.1\r\nExpect: 100-continue\r\n"
    b"Content-Length: 10\r\n\r\n"
)
SEND_HEAD = b"POST /api/items/foo/entries?token=anything HTTP/1.1\r\nHost: here\r\n"


@pytest.fixture(scope="session")
def server_with_short_timeout(start: Start) -> Server:
    """Start a server that waits half a second for a request with a head of at most 4000 bytes."""
    return start(ALCOVE_REQUEST_S="0.5", ALCOVE_HEAD_BYTES="4000")


def padded_request(size: int) -> bytes:
    """Build a request whose head has a header of `size` bytes."""
    return b"GET /healthz HTTP/1.1\r\nHost: here\r\nX: " + b"x" * size + b"\r\n\r\n"


UNFINISHED_REQUESTS = {
    "nothing": b"",
    "half a line": b"GET /hea",
    "half a head": b"GET /healthz HTTP/1.1\r\nHost: he",
    "half a handshake": HANDSHAKE[:-4],
    "no body": SEND_HEAD + b"Content-Length: 15\r\n\r\n",
    "half a body": SEND_HEAD + b'Content-Length: 15\r\n\r\n{"body":',
    "half a chunk": SEND_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "a second request": HEALTH_REQUEST + b"GET /hea",
}


@ON_ONE_CARRIER
@pytest.mark.parametrize("kind", UNFINISHED_REQUESTS)
def test_l_unfinished_request_is_closed_at_the_time_limit(server_with_short_timeout: Server, kind: str) -> None:
    start = time.monotonic()
    with open_connection(server_with_short_timeout, UNFINISHED_REQUESTS[kind]) as peer:
        response = read_to_end(peer)

    assert time.monotonic() - start > 0.4
    assert (b"408 Request Timeout" in response) == (kind != "nothing")


@ON_ONE_CARRIER
def test_l_slow_bytes_do_not_extend_the_time_limit(server_with_short_timeout: Server) -> None:
    start = time.monotonic()
    with open_connection(server_with_short_timeout, b"GET /") as peer:
        peer.settimeout(0.05)
        while True:
            try:
                peer.sendall(b"x")
                if not peer.recv(65536):
                    break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break

    assert time.monotonic() - start > 0.4


async def test_l_admitted_connections_stay_open(server_with_short_timeout: Server) -> None:
    async with (
        await connect(server_with_short_timeout, "/ws") as client,
        http(server_with_short_timeout).stream("GET", "/api/items/foo/events") as events,
    ):
        assert events.status_code == 200
        received = events.aiter_lines()
        while not (await anext(received)).startswith("data"):
            pass
        with open_connection(server_with_short_timeout) as idle:
            read_to_end(idle)  # the time limit of a request passes
        await client.send("still here")
        assert await client.recv() == "Message text was: still here"
        async with http(server_with_short_timeout) as second_client:
            assert (await second_client.post("/api/items/foo/entries", json={"body": "hello"})).status_code == 201
        while '"body":"hello"' not in await anext(received):
            pass


@ON_ONE_CARRIER
def test_l_kept_alive_connection_serves_several_requests(server_with_short_timeout: Server) -> None:
    with blocking_http(server_with_short_timeout, token=None) as client:
        assert {client.get("/healthz").status_code for _ in range(20)} == {200}
    with open_connection(server_with_short_timeout, HEALTH_REQUEST * 5) as peer:
        peer.shutdown(socket.SHUT_WR)
        assert read_to_end(peer).count(b"200 OK") >= 1


@ON_ONE_CARRIER
@pytest.mark.parametrize("size", [3000, 4000, 5000, 100_000, 10_000_000])
def test_l_head_above_the_limit_is_refused(server_with_short_timeout: Server, size: int) -> None:
    with open_connection(server_with_short_timeout, padded_request(size)) as peer:
        if size == 3000:
            assert b"200 OK" in peer.recv(65536)
        else:
            # A reset may arrive before the answer if the server has not read all that was sent.
            assert b"431 Request Header Fields Too Large" in read_to_end(peer) or size > 100_000


LARGE_HEADS = {
    "a long path": b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: here\r\n\r\n",
    "a long query": b"GET /healthz?token=" + b"x" * 5000 + b" HTTP/1.1\r\nHost: here\r\n\r\n",
    "a long handshake": HANDSHAKE[:-2] + b"Cookie: session=" + b"x" * 5000 + b"\r\n\r\n",
    "many headers": b"GET /healthz HTTP/1.1\r\nHost: here\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    "a long name": b"GET /healthz HTTP/1.1\r\nHost: here\r\n" + b"x" * 5000 + b": y\r\n\r\n",
    "no end": b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 300_000,
}


@ON_ONE_CARRIER
@pytest.mark.parametrize("kind", LARGE_HEADS)
def test_l_every_kind_of_large_head_is_refused(server_with_short_timeout: Server, kind: str) -> None:
    with open_connection(server_with_short_timeout, LARGE_HEADS[kind]) as peer:
        assert b"431 Request Header Fields Too Large" in read_to_end(peer) or kind == "no end"


@ON_ONE_CARRIER
def test_l_chunk_extensions_and_trailers_are_bounded(server_with_short_timeout: Server) -> None:
    trailers = SEND_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    with open_connection(server_with_short_timeout, trailers, *[b"X: " + b"x" * 60_000] * 20) as peer:
        assert b"431" in read_to_end(peer) or peer.fileno() >= 0


def test_l_handshake_with_too_many_headers_is_refused_with_431(server: Server) -> None:
    with open_connection(server, HANDSHAKE[:-2] + b"X: y\r\n" * 200 + b"\r\n") as peer:
        assert b"431 Request Header Fields Too Large" in read_to_end(peer)


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00\x01\x00", b"hello\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 99]
)
def test_l_input_other_than_http_is_refused_with_400(server: Server, data: bytes) -> None:
    with open_connection(server, data) as peer:
        assert read_to_end(peer).startswith(b"HTTP/1.1 400")


@ON_ONE_CARRIER
async def test_l_address_with_too_many_refused_credentials_is_rate_limited(serve: Start) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_REFUSALS_PER_S="0.001", ALCOVE_REFUSALS_BURST="5")
    forwarded_for = {"X-Forwarded-For": "2001:db8::1"}
    for number in range(5):
        assert (await endpoints.room(server, query(f"guess-{number}"))).code == 4401
    error, code, reason = await expect_refusal(server, "foo", token=token())

    assert (error["code"], code, reason) == ("rate_limited", 4429, "too many refused credentials from your address")
    assert 0 < error["retry_ms"] <= 1_000_000
    for endpoint in (endpoints.history, endpoints.events, endpoints.session, endpoints.send):
        assert (await endpoint(server, query(token()))).code == 429
    for endpoint in (endpoints.item_socket, endpoints.echo_socket, endpoints.chat_socket):
        assert (await endpoint(server, query(token()))).code == 403
    async with http(server) as client:
        response = await client.get("/api/session")
    assert 0 < int(response.headers["retry-after"]) <= 1000
    # Behind a trusted proxy the client's address counts; for IPv6 its network, because a site has a whole network.
    assert (await endpoints.history(server, Credential({"token": token()}, forwarded_for))).code == ACCEPTED
    for number in range(5):
        guess = Credential({"token": f"another-{number}"}, {"X-Forwarded-For": f"2001:db8::{number}"})
        assert (await endpoints.history(server, guess)).code == 401
    assert (await endpoints.history(server, Credential({"token": token()}, forwarded_for))).code == 429
    for other_site in ("2001:db8:0:1::1", "192.0.2.1", "::ffff:192.0.2.2"):
        credential = Credential({"token": token()}, {"X-Forwarded-For": other_site})
        assert (await endpoints.history(server, credential)).code == ACCEPTED
    # A dual-stack socket reports IPv4 addresses as IPv6: each of them counts separately, not as one network.
    for number in range(5):
        guess = Credential({"token": f"third-{number}"}, {"X-Forwarded-For": "::ffff:192.0.2.1"})
        assert (await endpoints.history(server, guess)).code == 401
    for address, code in (("192.0.2.1", 429), ("::ffff:192.0.2.1", 429), ("::ffff:192.0.2.2", ACCEPTED)):
        credential = Credential({"token": token()}, {"X-Forwarded-For": address})
        assert (await endpoints.history(server, credential)).code == code


@ON_ONE_CARRIER
async def test_l_missing_right_does_not_count_as_a_failed_credential(serve: Start) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_REFUSALS_PER_S="0.001", ALCOVE_REFUSALS_BURST="1")
    for _ in range(5):
        assert (await endpoints.room(server, query(token(items={})))).code == 4403
    assert (await endpoints.room(server, query(token()))).code == ACCEPTED


async def test_l_handshakes_of_an_address_are_rate_limited(serve: Start) -> None:
    server = serve(ALCOVE_HANDSHAKES_PER_S="0.001", ALCOVE_HANDSHAKES_BURST="4")
    for path in ("/ws", "/ws/7", "/items/foo/ws?token=t"):
        await (await connect(server, path)).close()
    assert (await endpoints.room(server, query("any-will-do"))).code == ACCEPTED
    error, code, reason = await expect_refusal(server, "foo")

    assert (error["code"], code, reason) == ("rate_limited", 4429, "too many handshakes from your address")
    assert 0 < error["retry_ms"] <= 1_000_000
    for endpoint in (endpoints.item_socket, endpoints.echo_socket, endpoints.chat_socket):
        assert (await endpoint(server, query("any-will-do"))).code == 403
    assert (await endpoints.history(server, query("any-will-do"))).code == ACCEPTED, "HTTP opens no sockets"
    other_address = Credential({"token": "any-will-do"}, {"X-Forwarded-For": "192.0.2.1"})
    assert (await endpoints.room(server, other_address)).code == ACCEPTED


async def test_l_w7_each_refusal_and_each_reached_limit_is_counted(serve: Start) -> None:
    server = serve(
        ALCOVE_SECRET=SECRET,
        ALCOVE_HANDSHAKES_PER_S="0.001",
        ALCOVE_HANDSHAKES_BURST="3",
        ALCOVE_REFUSALS_PER_S="0.001",
        ALCOVE_REFUSALS_BURST="2",
        ALCOVE_CREDENTIAL_REFUSALS_PER_S="0.001",
        ALCOVE_CREDENTIAL_REFUSALS_BURST="3",
        ALCOVE_UNAUTHENTICATED_REQUESTS="1",
        ALCOVE_REQUEST_S="0.5",
        ALCOVE_HEAD_BYTES="4000",
        ALCOVE_MESSAGE_BYTES="2000",
    )
    async with await RoomClient.join(server, "foo", token=token()) as room:
        await room.socket.send(" " * 2001)
        assert await room.wait_for_close() == 1009
    assert (await endpoints.history(server, Credential())).code == 401
    assert (await endpoints.connections(server, query(token()))).code == 403
    assert (await endpoints.history(server, query(token(), item="a b"))).code == 422
    for number, endpoint in enumerate((endpoints.room, endpoints.echo_socket, endpoints.room)):
        await endpoint(server, query(f"guess-{number}"))
    for _ in range(2):
        assert (await endpoints.history(server, query("guess-0"))).code == 401
    assert (await endpoints.history(server, query("guess-0"))).code == 429
    with open_connection(server, UNAUTHENTICATED_REQUEST) as peer:
        assert b"100 Continue" in peer.recv(65536)
        credential = Credential({"token": token()}, {"X-Forwarded-For": "192.0.2.1"})
        assert (await endpoints.history(server, credential)).code == 429
    assert (await endpoints.history(server, query(token()))).code == 429
    for data in (padded_request(5000), b"GET /", b"no http\r\n\r\n"):
        with open_connection(server, data) as peer:
            read_to_end(peer)

    async with http(server) as client:
        metrics = (await client.get("/metrics")).text

    def read_counters(name: str) -> dict[str, str]:
        return dict(re.findall(rf'^alcove_{name}_total\{{\w+="(\w+)"\}} ([1-9]\d*)', metrics, re.MULTILINE))

    reached = read_counters("limits_reached")
    reached.pop("turn", None)  # reached only if the kernel splits a head
    assert read_counters("refusals") == {"unauthenticated": "5", "forbidden": "1", "invalid": "1", "rate_limited": "4"}
    assert reached == {
        "handshakes": "1",
        "refused_credentials": "1",
        "refused_credential": "1",
        "unauthenticated": "1",
        "head": "1",
        "time": "1",
        "http": "1",
        "frame": "1",
    }
