"""Set, read and delete the login cookie (A1, W5)."""

from fastapi import Response
from fastapi.requests import HTTPConnection

#: Over plain HTTP, and over https, where the prefix keeps other subdomains and plain pages from setting it (RFC
#: 6265bis, section 4.1.3.2).
LOGIN_COOKIE = "alcove_session"
SECURE_LOGIN_COOKIE = "__Host-alcove_session"
#: The name of the login cookie in earlier versions. Rooms and the API do not read it: many frameworks use it for
#: their own sessions, and cookies ignore ports.
EARLIER_COOKIE = "session"
#: Seconds that a login of open mode lasts.
OPEN_LOGIN_S = 30 * 86400


def is_secure(connection: HTTPConnection) -> bool:
    """Return whether the request came over TLS."""
    return connection.url.scheme in {"https", "wss"}


def cookie_name(connection: HTTPConnection) -> str:
    """Return the name of the login cookie on this connection."""
    return SECURE_LOGIN_COOKIE if is_secure(connection) else LOGIN_COOKIE


def login_of(connection: HTTPConnection) -> str | None:
    """Return the value of the login cookie."""
    return connection.cookies.get(cookie_name(connection))


def set_login(connection: HTTPConnection, answer: Response, credential: str, seconds: int) -> None:
    """Set the login cookie to the credential, for so many seconds."""
    answer.set_cookie(
        cookie_name(connection),
        credential,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=is_secure(connection),
        path="/",
    )


def delete_login(connection: HTTPConnection, answer: Response) -> None:
    """Delete the login cookie."""
    answer.delete_cookie(cookie_name(connection), path="/", httponly=True, samesite="lax", secure=is_secure(connection))
