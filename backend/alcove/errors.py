"""Define the error codes and close codes of the protocol (S6, H4, C), and the package's exceptions."""

from enum import IntEnum, StrEnum


class Close(IntEnum):
    """Close codes (C). The table in PROTOCOL.md says which of them a client reconnects after."""

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
    """The `code` of an `error` line."""

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
    """The `reason` of an `error` line with 4401 or 4403: why the credential is refused (A3, A4, A7)."""

    MISSING = "missing"
    MALFORMED = "malformed"
    WRONG_KEY = "wrong_key"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    REVOKED = "revoked"
    SIGNED_OUT = "signed_out"
    BANNED = "banned"


class AlcoveError(Exception):
    """The base of all exceptions that Alcove raises itself."""


class SettingsError(AlcoveError):
    """A setting has a wrong value. The message is the one line that an operator reads."""


class Refusal(AlcoveError):  # noqa: N818 - the protocol's word (H4)
    """A connection or request is refused.

    Attributes:
        code: The `code` of the `error` line.
        close: The code to close the connection with.
        message: The text for a developer.
        retry_ms: After how many milliseconds the client may try again; None if that is not known.
        reason: Why a credential is refused; None for other refusals.

    """

    def __init__(
        self, code: Code, close: Close, message: str, retry_ms: int | None = None, *, reason: Reason | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.close = close
        self.message = message
        self.retry_ms = retry_ms
        self.reason = reason
