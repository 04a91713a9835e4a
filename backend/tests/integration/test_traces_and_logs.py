"""Test that OpenTelemetry traces and JSON logs contain no credentials, on both carriers (A6).

The carrier is the implementation of WebSockets: `detached` or `asgi`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.collector import run_collector
from tests.support.credentials import SECRET, leaked_credentials, token
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import CARRIERS, Server, start_alcove, without_problems


@contextmanager
def run_secured_server(folder: Path, carrier: str, **env: str) -> Iterator[Server]:
    """Run a server with a secret."""
    with without_problems(start_alcove(cwd=folder, carrier=carrier, env={"ALCOVE_SECRET": SECRET, **env})) as server:
        yield server


async def make_requests(server: Server) -> None:
    """Make a request, a handshake, a refused handshake, each with its token in the query, and a probe."""
    ada = token(sub="ada", items={"foo": "rw"})
    async with http(server, token=None) as client:
        assert (await client.get(f"/api/items/foo/entries?limit=5&token={ada}")).is_success
        assert (await client.get("/healthz")).is_success
    async with await RoomClient.join(server, "foo", token=ada):
        pass
    await (await RoomClient.open(server, "bar", token=ada)).wait_for_close()


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a6_requests_and_handshakes_are_traced_without_their_credentials(tmp_path: Path, carrier: str) -> None:
    with run_collector() as (url, collector):
        with run_secured_server(tmp_path, carrier, OTEL_EXPORTER_OTLP_ENDPOINT=url) as server:
            await make_requests(server)

        names = [span.name for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER]
        assert names == ["GET /api/items/{item_id}/entries", *2 * ["WS /items/{item_id}/ws"]]
        exported = "".join(map(str, collector.exports))
        assert 'value { string_value: "alcove" }' in " ".join(exported.split())
        assert "limit=5&token=***" in exported
        assert leaked_credentials(exported) == set()


async def test_nothing_is_traced_by_default(tmp_path: Path) -> None:
    with run_collector() as (url, collector):
        with run_secured_server(tmp_path, "detached", OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=url) as server:
            await make_requests(server)

        assert collector.exports == []


@pytest.mark.parametrize("carrier", CARRIERS)
async def test_a6_log_lines_can_be_json(tmp_path: Path, carrier: str) -> None:
    with run_secured_server(tmp_path, carrier, ALCOVE_LOG="json") as server:
        await make_requests(server)

    lines = [json.loads(line) for line in server.lines]
    assert set.intersection(*map(set, lines)) == {"at", "level", "logger", "process", "message"}
    assert not [line for line in lines if line.get("path") == "/healthz"], "successful probes are not logged"
    (request_line,) = [line for line in lines if line.get("path", "").startswith("/api/items/foo")]
    assert (request_line["method"], request_line["status"]) == ("GET", 200)
    assert request_line["path"] == "/api/items/foo/entries?limit=5&token=***"
    assert leaked_credentials(server.output) == set()
