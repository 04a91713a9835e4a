"""Test requests in unusual forms on raw sockets: handshakes (H), heads (RFC 9112), methods and query parameters (W)."""

import re

import pytest

from tests.support.clients import connect
from tests.support.credentials import token
from tests.support.http import http
from tests.support.raw_sockets import open_connection, read_to_end
from tests.support.room_client import PROTOCOL, RoomClient
from tests.support.servers import ON_ONE_CARRIER, Server, Start

UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


def handshake(
    target: str, *headers: str, version: str | None = "13", http_version: str = "1.1", host: str | None = "here"
) -> bytes:
    """Return a handshake with additional headers; None omits the version or the host."""
    lines = [f"GET {target} HTTP/{http_version}", *([] if host is None else [f"Host: {host}"]), UPGRADE.rstrip("\r\n")]
    lines += [] if version is None else [f"Sec-WebSocket-Version: {version}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def response_head(server: Server, *data: bytes) -> str:
    """Send a request; return the head of the response in lower case."""
    with open_connection(server, *data) as peer:
        received = b""
        while b"\r\n\r\n" not in received and (part := peer.recv(65536)):
            received += part
    return received.partition(b"\r\n\r\n")[0].decode().lower()


def response_status(server: Server, *data: bytes) -> int:
    """Send a request; return the status of the response."""
    return int(response_head(server, *data).split()[1])


@pytest.mark.parametrize("version", ["8", "7", "0", "14", "x", "13, 8", None])
@pytest.mark.parametrize("target", ["/ws", "/items/foo/ws?token=t"])
def test_h_handshake_of_another_version_gets_the_supported_version(
    server: Server, target: str, version: str | None
) -> None:
    """Check RFC 6455, section 4.4."""
    head = response_head(server, handshake(target, version=version))

    assert head.startswith("http/1.1 426 ")
    assert "\r\nsec-websocket-version: 13" in head


@pytest.mark.parametrize(
    "target", ["http://here/ws", "http://here:8000/ws", "ws://here/ws", "http://[::1]:80/ws", "http://else/ws?x=y"]
)
def test_h_absolute_target_is_accepted(server: Server, target: str) -> None:
    """Check RFC 9112, section 3.2.2."""
    assert response_status(server, handshake(target)) == 101


def test_h_absolute_target_keeps_its_query(server: Server) -> None:
    protocol_header = f"Sec-WebSocket-Protocol: {PROTOCOL}"
    with open_connection(
        server, handshake("http://here/items/foo/ws?token=t&name=Ada&tail=0", protocol_header)
    ) as peer:
        received = b""
        while b'"hello"' not in received:
            received += peer.recv(65536)

    assert b'"name":"Ada"' in received


@pytest.mark.parametrize("target", ["http://here/healthz", "http://here:80/healthz?x=y"])
@ON_ONE_CARRIER
def test_w_absolute_target_is_accepted_over_http(server: Server, target: str) -> None:
    assert response_status(server, f"GET {target} HTTP/1.1\r\nHost: here\r\n\r\n".encode()) == 200


def test_a5_host_of_an_absolute_target_overrides_the_header(server: Server) -> None:
    cookie = ("Cookie: alcove_session=c", "Origin: http://here", f"Sec-WebSocket-Protocol: {PROTOCOL}")
    for target, host, refused in (
        ("http://here/items/foo/ws", "else", False),
        ("http://else/items/foo/ws", "here", True),
    ):
        with open_connection(server, handshake(target, *cookie, host=host)) as peer:
            received = b""
            while b'"type":' not in received:
                received += peer.recv(65536)
        assert (b'"forbidden"' in received) == refused


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (("Content-Length: 5",), b"hello", 400),
        (("Transfer-Encoding: chunked",), b"5\r\nhello\r\n0\r\n\r\n", 400),
        (("Content-Length: 0",), b"", 101),
    ],
)
def test_h_handshake_with_a_body_is_refused_with_400(
    server: Server, headers: tuple[str, ...], body: bytes, status: int
) -> None:
    assert response_status(server, handshake("/ws", *headers) + body) == status


@pytest.mark.parametrize(
    "path",
    ["items/a%2Fb/ws", "items/foo/ws/", "/items/foo/ws", "items/foo", "items//ws", "items/foo/bar/ws", "room/foo"],
)
async def test_h4_path_without_a_room_is_refused_with_a_reason(server: Server, path: str) -> None:
    client = await connect(server, f"/{path}?token=t", subprotocols=[PROTOCOL])
    room = RoomClient(client)
    error = await room.read_line()

    assert (error["type"], error["code"]) == ("error", "invalid")
    assert await room.wait_for_close() == 4400
    assert client.close_reason == error["message"]
    assert "/items/{item_id}/ws" in error["message"]


#: Host headers of requests that do not have exactly one valid one.
HOSTS = {
    "none": [],
    "two": ["Host: here", "Host: here"],
    "two different ones": ["Host: here", "Host: there"],
    "an empty one": ["Host:"],
    "two in one": ["Host: here, there"],
    "a user": ["Host: user@here"],
    "a path": ["Host: here/there"],
    "a blank": ["Host: he re"],
}


@pytest.mark.parametrize("kind", HOSTS)
def test_h_w_request_without_exactly_one_host_header_is_refused(server: Server, kind: str) -> None:
    """Check RFC 9112, section 3.2."""
    assert response_status(server, handshake("/ws", *HOSTS[kind], host=None)) == 400
    assert response_status(server, "\r\n".join(["GET /healthz HTTP/1.1", *HOSTS[kind], "", ""]).encode()) == 400


@pytest.mark.parametrize("host", ["here", "here:8000", "127.0.0.1:8000", "[::1]", "[::1]:80", "a-b.example.", "HERE"])
@ON_ONE_CARRIER
def test_h_w_request_with_one_host_header_is_accepted(server: Server, host: str) -> None:
    assert response_status(server, handshake("/ws", host=host)) == 101
    assert response_status(server, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) == 200


def test_h_http_1_0_cannot_upgrade(server: Server) -> None:
    """Check RFC 6455, section 4.1."""
    assert response_status(server, handshake("/ws", http_version="1.0")) == 400
    assert response_status(server, handshake("/ws", http_version="1.0", host=None)) == 400
    assert response_status(server, b"GET /healthz HTTP/1.0\r\n\r\n") == 200


@ON_ONE_CARRIER
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_w7_head_request_gets_a_response_without_a_body(server: Server, path: str) -> None:
    with open_connection(server, f"HEAD {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode()) as peer:
        head, _, body = read_to_end(peer).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b""


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("forwarded", "secure"),
    [
        (["https"], True),
        (["https,http"], True),
        (["https, http"], True),
        (["HTTPS"], True),
        (["https", "http"], True),
        (["http,https"], False),
        (["http", "https"], False),
        ([], False),
        ([""], False),
    ],
)
async def test_w5_first_forwarded_scheme_is_used(server: Server, forwarded: list[str], secure: bool) -> None:  # noqa: FBT001 - a case
    body = b'{"name":"Ada"}'
    headers = [f"X-Forwarded-Proto: {value}" for value in forwarded]
    lines = ["POST /api/session HTTP/1.1", "Host: here", "Connection: close", f"Content-Length: {len(body)}", *headers]
    with open_connection(server, "\r\n".join([*lines, "", ""]).encode() + body) as peer:
        response = read_to_end(peer).decode()

    cookie = next(
        line for line in response.split("\r\n") if line.lower().startswith("set-cookie: ") and "Ada" not in line
    )
    assert "200 OK" in response
    assert ("; secure" in cookie.lower()) == secure


@ON_ONE_CARRIER
def test_w_idle_connection_closes_after_the_keep_alive_time(serve: Start) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n"
    with open_connection(serve(ALCOVE_KEEP_ALIVE_S="1"), request) as peer:
        assert b"200 OK" in read_to_end(peer)  # then the server closes


#: Trailers that would grant access, or change the client's address, if they were used as headers.
TRAILERS = ["Authorization: Bearer {token}", "X-Forwarded-For: 203.0.113.7", "Cookie: alcove_session={token}"]


@ON_ONE_CARRIER
@pytest.mark.parametrize("trailer", TRAILERS)
def test_a1_trailers_of_a_chunked_body_are_not_used_as_headers(secured_server: Server, trailer: str) -> None:
    body = b'{"body":"hello"}'
    head = (
        b"POST /api/items/foo/entries HTTP/1.1\r\nHost: here\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunks = b"%x\r\n%b\r\n0\r\n%b\r\n\r\n" % (len(body), body, trailer.format(token=token()).encode())
    line_count = len(secured_server.lines)
    with open_connection(secured_server, head + chunks) as peer:
        response = read_to_end(peer)

    assert response.startswith(b"HTTP/1.1 401 ")
    client = secured_server.wait_for_line(r'(\S+):\d+ - "POST /api/items/foo/entries HTTP/1.1" 401', since=line_count)[
        1
    ]
    assert client == "127.0.0.1"


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        ("/api/items?q=1", ["q"]),
        ("/api/items?limit=1&Limit=2&tokn=x", ["Limit", "tokn"]),
        ("/api/items/foo/entries?before=3&beforee=4", ["beforee"]),
        ("/api/items/foo/events?tails=3", ["tails"]),
        ("/api/session?=", [""]),
        ("/api/mode?x", ["x"]),
        ("/api/mode?x=y", ["x"]),
    ],
)
async def test_w1_unknown_query_parameters_are_refused_by_name(server: Server, path: str, unknown: list[str]) -> None:
    async with http(server) as client:
        response = await client.get(path)

    assert response.status_code == 422
    assert [fault["where"] for fault in response.json()["errors"]] == [f"query.{name}" for name in sorted(unknown)]


@ON_ONE_CARRIER
async def test_w_every_declared_query_parameter_is_accepted(server: Server) -> None:
    async with http(server) as client:
        parameter_names = {
            path: [
                parameter["name"] for parameter in operations["get"].get("parameters", []) if parameter["in"] == "query"
            ]
            for path, operations in (await client.get("/openapi.json")).json()["paths"].items()
            if path.startswith("/api/") and "get" in operations and not path.endswith("/events")
        }
        for path, names in parameter_names.items():
            for name in names:
                response = await client.get(re.sub(r"\{\w+\}", "foo", path), params={name: "1"})
                assert "no such parameter" not in response.text, (path, name)
    assert "limit" in parameter_names["/api/items"]


async def test_l1_message_size_is_limited_by_the_setting(serve: Start, item: str) -> None:
    server = serve(ALCOVE_MESSAGE_BYTES=str(3 * 1024 * 1024), ALCOVE_BODY_BYTES=str(3 * 1024 * 1024))
    async with await RoomClient.join(server, item) as room:
        await room.send_messages("x" * (2 * 1024 * 1024))
        await room.socket.send(" " * (3 * 1024 * 1024 + 1))
        assert await room.wait_for_close() == 1009
