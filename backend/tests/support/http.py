"""Create HTTP clients with the same options for all tests."""

import ssl
from collections.abc import Mapping
from typing import TypedDict

import httpx

from tests.support.clients import TIMEOUT_S
from tests.support.servers import Address

#: A context without certificates, because httpx would read all certificates of the machine for each client.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Options(TypedDict):
    base_url: str
    headers: dict[str, str]
    timeout: float
    trust_env: bool
    verify: ssl.SSLContext


def _options(server: Address | str, token: str | None, headers: Mapping[str, str] | None) -> _Options:
    credential = {} if token is None else {"Authorization": f"Bearer {token}"}
    return {
        "base_url": server if isinstance(server, str) else server.url,
        "headers": {**credential, **(headers or {})},
        "timeout": TIMEOUT_S,
        "trust_env": False,
        "verify": _NO_TLS,
    }


def http(
    server: Address | str,
    token: str | None = "t",
    *,
    headers: Mapping[str, str] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """Create a client of a server.

    Args:
        server: A server, or its URL.
        token: The bearer token of every request; None: no credential.
        headers: Additional headers of every request.
        transport: The transport of the requests; None: TCP.

    """
    return httpx.AsyncClient(transport=transport, **_options(server, token, headers))


def blocking_http(
    server: Address | str,
    token: str | None = "t",
    *,
    headers: Mapping[str, str] | None = None,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """Create a client like that of `http`, for code without an event loop."""
    return httpx.Client(transport=transport, **_options(server, token, headers))
