"""Build the refusals that end a connection or refuse a credential which was valid before (A4, A7, W5)."""

from alcove.errors import Close, Code, Reason, Refusal


def token_expired() -> Refusal:
    """Return the refusal of a token after its expiry: 4401 (A4)."""
    return Refusal(
        Code.UNAUTHENTICATED,
        Close.UNAUTHENTICATED,
        "the token expired; come back with a new one",
        reason=Reason.EXPIRED,
    )


def login_ended() -> Refusal:
    """Return the refusal of a token whose login was ended by a sign-out: 4401 (W5)."""
    return Refusal(
        Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, "this login was ended; sign in again", reason=Reason.SIGNED_OUT
    )


def banned(item: str | None, reason: str | None) -> Refusal:
    """Return the refusal of a banned member: 4403 (A8). `item`: None: banned from all items."""
    where = "" if item is None else f" from {item}"
    why = "" if reason is None else f": {reason}"
    return Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"you are banned{where}{why}", reason=Reason.BANNED)


def access_revoked(item: str | None, retry_ms: int | None = None) -> Refusal:
    """Return the refusal of a token that was revoked (A7).

    Args:
        item: The item on which it was revoked; None: on all items.
        retry_ms: Milliseconds until a new token may be accepted; the refusal is then 4401. Without it the token is
            revoked for good: 4403.

    """
    where = "" if item is None else f" on {item}"
    message = f"your access{where} was revoked; ask for a new token"
    if retry_ms is None:
        return Refusal(Code.FORBIDDEN, Close.FORBIDDEN, message, reason=Reason.REVOKED)
    return Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, retry_ms, reason=Reason.REVOKED)
