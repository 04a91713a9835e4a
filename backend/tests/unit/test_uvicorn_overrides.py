"""Test that the methods of uvicorn which alcove/server overrides have not changed."""

import inspect
from collections.abc import Callable
from hashlib import sha256

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

#: The first 16 digits of the SHA-256 of the source of each method, when alcove/server was last adapted to it.
SOURCE_DIGESTS = {
    HttpToolsProtocol.__init__: "4f08999410347141",
    HttpToolsProtocol.connection_made: "6efb565ff3d36b91",
    HttpToolsProtocol.connection_lost: "c91a4c9bf2e29c55",
    HttpToolsProtocol.on_message_begin: "96d377fdc7c2baef",
    HttpToolsProtocol.on_header: "65d62c044f61fdbd",
    HttpToolsProtocol.on_headers_complete: "1ea8589acfad92d8",
    HttpToolsProtocol.on_body: "dba9c32aeba35b6a",
    HttpToolsProtocol.on_message_complete: "1fbad42dc31fc01f",
    HttpToolsProtocol.send_400_response: "ae5a4a3782b646fd",
    HttpToolsProtocol.data_received: "010a7ae59a5d3b1a",
    HttpToolsProtocol.on_response_complete: "64e254f28e389e76",
    FlowControl.pause_reading: "7c27388bb984e9ed",
    FlowControl.resume_reading: "a0429d30857e8488",
    HttpToolsProtocol.handle_websocket_upgrade: "179c4f769386ab89",
    WebSocketsSansIOProtocol.__init__: "631dcd744eab875f",
    WebSocketsSansIOProtocol.connection_made: "f533ec93747c2cbf",
    WebSocketsSansIOProtocol.connection_lost: "dd116afc4d8034e1",
    WebSocketsSansIOProtocol.data_received: "c89d394077d8841d",
    WebSocketsSansIOProtocol.handle_connect: "fc648c2161ff8e13",
    WebSocketsSansIOProtocol.handle_pong: "b20c68cc7e4f9bca",
    WebSocketsSansIOProtocol.stop_keepalive: "bbb91b997b37b77c",
    WebSocketsSansIOProtocol.on_task_complete: "f45490be9f809f51",
    WebSocketsSansIOProtocol.run_asgi: "662375aa38d9044c",
    WebSocketsSansIOProtocol.send: "d4919ed760ce9f7b",
    WebSocketsSansIOProtocol.receive: "1dc0e715390021a1",
}


@pytest.mark.parametrize(
    ("method", "digest"), SOURCE_DIGESTS.items(), ids=[method.__qualname__ for method in SOURCE_DIGESTS]
)
def test_overridden_methods_have_not_changed(method: Callable[..., object], digest: str) -> None:
    source_digest = sha256(inspect.getsource(method).encode()).hexdigest()[:16]

    assert source_digest == digest, (
        f"uvicorn changed {method.__qualname__}: read it, check that the modules of alcove/server still work"
        f" (tests/integration/test_detached.py, test_before_the_gate.py, test_echo_server.py), enter {source_digest}"
    )
