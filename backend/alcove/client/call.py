"""Represent one HTTP request of a client, and decode its response or refusal. No I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from alcove.errors import (
    REQUEST_ERRORS,
    Code,
    ForbiddenError,
    InvalidError,
    RequestError,
    SettingsError,
    TooLargeError,
    UnavailableError,
)
from alcove.urls import check_url, redact_url

T = TypeVar("T")

#: The errors for responses without a known code, such as a proxy's, by status. Other statuses below 500 become a
#: ForbiddenError.
_ERRORS_BY_STATUS: dict[int, type[RequestError]] = {
    404: InvalidError,
    405: InvalidError,
    413: TooLargeError,
    422: InvalidError,
}


class _Problem(msgspec.Struct):
    """The members of a problem document that clients use; a response without one has the defaults."""

    detail: str = ""
    code: str = ""
    retry_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One HTTP request, and how to decode its response.

    Attributes:
        method: The HTTP method.
        path: The path, percent-encoded.
        token: The bearer token; it is not in the repr.
        decode: Converts the body of a successful response to the result.
        body: The body; None: no body.
        query: The query parameters, in order.
        id: The idempotency key, with which a repeated request stores its entry only once (S5); None: no key.
        content_type: The media type of the body.

    """

    method: str
    path: str
    token: str = field(repr=False)
    decode: Callable[[bytes], T]
    body: bytes | None = None
    query: Sequence[tuple[str, str | int]] = ()
    id: str | None = None
    content_type: str = "application/json"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request: authorization, content type and idempotency key."""
        content = {} if self.body is None else {"Content-Type": self.content_type}
        key = {} if self.id is None else {"Idempotency-Key": self.id}
        return {"Authorization": f"Bearer {self.token}", **content, **key}

    def result(self, status: int, content: bytes) -> T:
        """Decode the body of a successful response.

        Raises:
            RequestError: The status is not that of success.
            InvalidError: The body is not that of an Alcove server of this version.

        """
        if status >= 300:
            raise error_of(status, content)
        try:
            return self.decode(content)
        except msgspec.DecodeError:
            expected = "expected an Alcove server of this version at this address"
            raise InvalidError(f"url: {expected}, got the response of another program or version") from None


def check_server_url(url: str) -> str:
    """Return the address of a server unchanged.

    Raises:
        SettingsError: No request can be sent to this address. Without this check, every call would fail as if the
            server did not answer.

    """
    expected = "expected the address of a server, as https://chat.example or http://127.0.0.1:8000/path"
    if not isinstance(url, str):
        raise SettingsError(f"url: {expected}, got {type(url).__name__}")
    try:
        parts = urlsplit(check_url(url))
        host = httpx.URL(url).host
    except (ValueError, httpx.InvalidURL):
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        raise SettingsError(f"url {redact_url(url)!r}: {expected}")
    # A user would replace the token; a query or a fragment would be lost.
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingsError(f"url {redact_url(url)!r}: {expected}, without user, query and fragment")
    return url


def error_of(status: int, content: bytes) -> RequestError:
    """Convert a refusal of the server to an exception: by the code of its problem document, or else by status (W6)."""
    try:
        problem = msgspec.json.decode(content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    text = problem.detail or f"the server answered {status}"
    if problem.code in set(Code) and Code(problem.code) in REQUEST_ERRORS:
        return REQUEST_ERRORS[Code(problem.code)](text, problem.retry_ms)
    kind = UnavailableError if status >= 500 else _ERRORS_BY_STATUS.get(status, ForbiddenError)
    return kind(text, problem.retry_ms)
