"""Create the refusals of credentials that were valid before: expired, signed out, revoked, banned (A4, A7, A8, W5)."""

from alcove.errors import Close, Code, Reason, Refusal


def access_expired(digest: str | None) -> Refusal:
    """Create the refusal of an expired token or member: 4401, reason `expired` (A4).

    Args:
        digest: The digest of the token, for the message; None: an application admitted the member, without a token.

    """
    message = "your access expired; sign in again" if digest is None else "the token expired; get a new one"
    return Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, reason=Reason.EXPIRED)


def login_ended() -> Refusal:
    """Create the refusal of a token whose login was ended by a sign-out: 4401, reason `signed_out` (W5)."""
    return Refusal(
        Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, "this login was ended; sign in again", reason=Reason.SIGNED_OUT
    )


def banned_refusal(item: str | None, reason: str | None) -> Refusal:
    """Create the refusal of a banned member: 4403, reason `banned` (A8).

    Args:
        item: The item of the ban, for the message; None: the ban is on all items.
        reason: Why the member was banned, for the message; None: no reason was given.

    """
    where = "" if item is None else f" from {item}"
    why = "" if reason is None else f": {reason}"
    return Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"you are banned{where}{why}", reason=Reason.BANNED)


def access_revoked(item: str | None, digest: str | None, retry_ms: int | None = None) -> Refusal:
    """Create the refusal of a revoked token or member, reason `revoked` (A7).

    Args:
        item: The item on which access was revoked; None: on all items.
        digest: The digest of the token, for the message; None: an application admitted the member, without a token.
        retry_ms: Milliseconds after which a new token can be accepted; the refusal is then 4401. None: this token stays
            revoked, and the refusal is 4403.

    """
    where = "" if item is None else f" on {item}"
    message = f"your access{where} was revoked{'' if digest is None else '; ask for a new token'}"
    if retry_ms is None:
        return Refusal(Code.FORBIDDEN, Close.FORBIDDEN, message, reason=Reason.REVOKED)
    return Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, retry_ms, reason=Reason.REVOKED)
