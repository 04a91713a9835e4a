"""Define error codes, close codes and reasons of the protocol (S6, H4, C), and the exceptions of the package."""

from enum import IntEnum, StrEnum


class Close(IntEnum):
    """The close codes of WebSockets (C). A table in PROTOCOL.md says after which codes a client reconnects."""

    DONE = 1000
    GOING_AWAY = 1001
    NOT_TEXT = 1003
    NOT_UTF8 = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    AT_CAPACITY = 1013
    INVALID = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    HEARTBEAT = 4408
    TOO_MANY = 4429


class Code(StrEnum):
    """The values of `code` in an `error` line, and in the problem document of an HTTP response."""

    INVALID = "invalid"
    TOO_LARGE = "too_large"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    RATE_LIMITED = "rate_limited"
    TOO_MANY = "too_many_connections"
    AT_CAPACITY = "at_capacity"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"


class Reason(StrEnum):
    """The values of `reason` in an `error` that closes with 4401 or 4403: why a credential is refused (A3, A4, A7)."""

    MISSING = "missing"
    MALFORMED = "malformed"
    WRONG_KEY = "wrong_key"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    REVOKED = "revoked"
    SIGNED_OUT = "signed_out"
    BANNED = "banned"


class AlcoveError(Exception):
    """The base class of all exceptions that Alcove defines."""


class SettingsError(AlcoveError):
    """A setting or an option of the command has a wrong value. The command prints only the message."""


class NotStartedError(AlcoveError):
    """A method of `Alcove` was called while its lifespan is not running."""


class RequestError(AlcoveError):
    """The base class of errors that refuse a call of the library or of a Client.

    Attributes:
        code: The code that the same request would get over HTTP and on a socket (S6).
        retry_ms: Milliseconds after which the call may be repeated; None if that is not known.

    """

    code: Code

    def __init__(self, message: str, retry_ms: int | None = None) -> None:
        """Store the message and `retry_ms`."""
        super().__init__(message)
        self.retry_ms = retry_ms


class InvalidError(RequestError):
    """An argument has the wrong form, or names something that does not exist."""

    code = Code.INVALID


class TooLargeError(RequestError):
    """The body is larger than the setting `body_bytes` allows (L1)."""

    code = Code.TOO_LARGE


class ForbiddenError(RequestError):
    """The member does not have the right that this call needs (S8)."""

    code = Code.FORBIDDEN


class UnauthenticatedError(RequestError):
    """The server does not accept the token of a Client: the secrets or the clocks differ (A3)."""

    code = Code.UNAUTHENTICATED


class RateLimitedError(RequestError):
    """A Client sends faster than the rate limit of its member allows (L2); the library has no such limit."""

    code = Code.RATE_LIMITED


class OverloadedError(RequestError):
    """Too many sends or lists are waiting for storage (L4)."""

    code = Code.OVERLOADED


class UnavailableError(RequestError):
    """Storage does not answer. Nothing was stored, and the call may be repeated (S7)."""

    code = Code.UNAVAILABLE


#: The exception for each code that a call of the library can raise.
REQUEST_ERRORS: dict[Code, type[RequestError]] = {
    kind.code: kind
    for kind in (
        InvalidError,
        TooLargeError,
        ForbiddenError,
        UnauthenticatedError,
        RateLimitedError,
        OverloadedError,
        UnavailableError,
    )
}


class Refusal(AlcoveError):  # noqa: N818 - the protocol's word (H4)
    """A connection, request or send is refused; the attributes are the contents of the response to the client.

    Attributes:
        code: The `code` of the `error` line.
        close_code: The code to close the connection with; over HTTP, the status is derived from it.
        message: The text for a developer.
        retry_ms: Milliseconds after which the client may try again; None if that is not known.
        reason: Why a credential is refused; None for other refusals.
        status: The HTTP status of an error of the host application; None: the one that `close_code` implies.

    """

    def __init__(
        self,
        code: Code,
        close_code: Close,
        message: str,
        retry_ms: int | None = None,
        *,
        reason: Reason | None = None,
        status: int | None = None,
    ) -> None:
        """Store the attributes."""
        super().__init__(message)
        self.code = code
        self.close_code = close_code
        self.message = message
        self.retry_ms = retry_ms
        self.reason = reason
        self.status = status
