"""What can go wrong, in one table: error codes of the protocol (S6, H4) and close codes (C)."""

from enum import IntEnum, StrEnum


class Close(IntEnum):
    """Close codes (C). Whether a client comes back is the table's business, in PROTOCOL.md."""

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
    """Why a credential is refused: the `reason` of an `error` line with 4401 or 4403 (A3, A4, A7)."""

    MISSING = "missing"
    MALFORMED = "malformed"
    WRONG_KEY = "wrong_key"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    REVOKED = "revoked"
    SIGNED_OUT = "signed_out"


class AlcoveError(Exception):
    """Something that Alcove itself refuses or cannot do."""


class SettingsError(AlcoveError):
    """A setting has a wrong value; the message is the one line an operator reads."""


class Refusal(AlcoveError):  # noqa: N818 - the protocol's word for it (H4)
    """A way in that stays shut: the `error` to send, and the code to close with."""

    def __init__(
        self, code: Code, close: Close, message: str, retry_ms: int | None = None, *, reason: Reason | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.close = close
        self.message = message
        self.retry_ms = retry_ms
        self.reason = reason
