"""Send webhooks over HTTP (K1, K3), with limits on time and response size, and without following redirects."""

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from alcove.errors import SettingsError
from alcove.urls import redact_url
from alcove.version import VERSION
from alcove.webhooks.network_errors import network_error
from alcove.webhooks.signature import Signer, utc_now
from alcove.webhooks.targets import Delivered, Failed, Outcome, Unsubscribed

if TYPE_CHECKING:
    import httpx

#: Maximum bytes of a response that are read. A connection whose response is longer cannot be used again.
_RESPONSE_BYTES = 16 * 1024
#: Seconds that an idle connection is kept.
_KEEP_ALIVE_S = 30
#: The HTTP status of a receiver that wants no more deliveries (K3).
_GONE = 410
#: Maximum digits of `Retry-After`; a longer value is ignored, because no delay is that long.
_RETRY_AFTER_DIGITS = 9


class Endpoint:
    """The address of the application that receives webhooks, and the HTTP client that sends them there."""

    def __init__(self, url: str, secrets: str, *, timeout_s: float, connections: int) -> None:
        """Create an endpoint without connecting.

        Args:
            url: The address. It may be in a private network, because the operator chose it.
            secrets: The value of ALCOVE_WEBHOOK_SECRET: one secret, or several separated by commas.
            timeout_s: Seconds that one request may take.
            connections: The maximum number of connections.

        Raises:
            SettingsError: A secret does not have the form `whsec_` and Base64, or httpx is not installed.

        """
        try:
            import httpx  # noqa: PLC0415 - an optional extra
        except ModuleNotFoundError:
            raise SettingsError(
                "ALCOVE_WEBHOOK_URL needs httpx, which is not installed: install alcove-rooms[webhooks]"
            ) from None
        self._url = url
        self._signer = Signer(secrets)
        self._timeout_s = timeout_s
        limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=_KEEP_ALIVE_S
        )
        self._http = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            limits=limits,
            headers={"user-agent": f"Alcove/{VERSION}", "content-type": "application/json"},
        )

    def __repr__(self) -> str:
        return f"<Endpoint {redact_url(self._url)!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @property
    def digest(self) -> str:
        """A short hash that identifies the address without revealing it."""
        return sha256(self._url.encode()).hexdigest()[:16]

    async def post(self, webhook_id: str, body: bytes) -> Outcome:
        """Send one webhook.

        Args:
            webhook_id: The id of the event (`webhook-id`).
            body: The event as JSON.

        Returns:
            Delivered after 2xx; Unsubscribed after 410; Failed after any other response, a timeout or a network error.
            Failed has the delay that the response asks for, if `Retry-After` is in seconds.

        """
        import httpx  # noqa: PLC0415 - an optional extra

        try:
            async with asyncio.timeout(self._timeout_s):
                headers = self._signer.headers(webhook_id, body, utc_now())
                async with self._http.stream("POST", self._url, content=body, headers=headers) as response:
                    await _discard_body(response)
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            return Failed(f"no connection within {self._timeout_s:g} s", unreachable=True)
        except httpx.ConnectError as error:
            return Failed(network_error(error), unreachable=True)
        except (TimeoutError, httpx.TimeoutException):
            return Failed(f"timeout: no response within {self._timeout_s:g} s")
        except httpx.HTTPError as error:
            return Failed(network_error(error))
        return _outcome(response)


def _outcome(response: "httpx.Response") -> Outcome:
    """Convert the status of a response, and its `Retry-After`, to an outcome."""
    if response.is_success:
        return Delivered()
    if response.status_code == _GONE:
        return Unsubscribed()
    retry_after = response.headers.get("retry-after", "")
    seconds = int(retry_after) if retry_after.isdecimal() and len(retry_after) < _RETRY_AFTER_DIGITS else 0
    return Failed(f"HTTP {response.status_code}", wait_ms=seconds * 1000)


async def _discard_body(response: "httpx.Response") -> None:
    """Read and discard the body, so that the connection can be used again; stop after `_RESPONSE_BYTES`."""
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > _RESPONSE_BYTES:
            return
