"""Set, read and delete the login cookie (A1, W5), and the mark that tells a page whose login it is."""

from hashlib import sha256

from fastapi import Response
from fastapi.requests import HTTPConnection
from starlette.requests import cookie_parser

from alcove.api.base_path import url_prefix

#: Over plain HTTP, and over https, where the prefix keeps other subdomains and plain pages from setting it (RFC
#: 6265bis, section 4.1.3.2).
LOGIN_COOKIE = "alcove_session"
SECURE_LOGIN_COOKIE = "__Host-alcove_session"
#: Over https below a base path: a cookie whose name begins with `__Host-` has the path `/` (B1).
SECURE_LOGIN_COOKIE_BELOW = "__Secure-alcove_session"
#: The name of the login cookie in earlier versions. Rooms and the API do not read it: many frameworks use it for
#: their own sessions, and cookies ignore ports.
EARLIER_COOKIE = "session"
#: A cookie that scripts can read, beside the login cookie, which they cannot: a digest of the member's id. A page shows
#: what its browser keeps of a member only if it is still that member's login. The server never reads it.
MARK_COOKIE = "alcove_member"
#: Seconds that a login of open mode lasts.
OPEN_LOGIN_S = 30 * 86400


def is_secure(connection: HTTPConnection) -> bool:
    """Return whether the request came over TLS, as the trusted proxies forward it."""
    return connection.url.scheme in {"https", "wss"}


def cookie_name(connection: HTTPConnection) -> str:
    """Return the name of the login cookie: a different one over TLS, and there below a base path."""
    if not is_secure(connection):
        return LOGIN_COOKIE
    return SECURE_LOGIN_COOKIE_BELOW if url_prefix(connection.scope) else SECURE_LOGIN_COOKIE


def login_of(connection: HTTPConnection) -> str | None:
    """Return the value of the request's login cookie; None if it has none.

    A browser sends cookies of one name in the order of their paths, the longest first (RFC 6265, section 5.4): the
    first is this deployment's, others belong to deployments further up on the same host.
    """
    name = cookie_name(connection)
    found: str | None = connection.cookies.get(name)
    if found is None:
        return None
    pairs = (pair for header in connection.headers.getlist("cookie") for pair in header.split(";"))
    return next(value for pair in pairs for key, value in cookie_parser(pair).items() if key == name)


def set_login(connection: HTTPConnection, answer: Response, credential: str, member: str, seconds: int) -> None:
    """Add the login cookie and its mark to a response.

    Args:
        connection: The request, which decides the cookie's name and flags.
        answer: The response.
        credential: The value of the cookie.
        member: The id of the member that it signs in.
        seconds: The lifetime of the cookie.

    """
    answer.set_cookie(
        cookie_name(connection),
        credential,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=is_secure(connection),
        path=_path(connection),
    )
    answer.set_cookie(
        MARK_COOKIE,
        sha256(member.encode()).hexdigest()[:32],
        max_age=seconds,
        samesite="lax",
        secure=is_secure(connection),
        path=_path(connection),
    )


def delete_login(connection: HTTPConnection, answer: Response) -> None:
    """Add headers to the response that delete the login cookie and its mark."""
    answer.delete_cookie(
        cookie_name(connection),
        path=_path(connection),
        httponly=True,
        samesite="lax",
        secure=is_secure(connection),
    )
    answer.delete_cookie(MARK_COOKIE, path=_path(connection), samesite="lax", secure=is_secure(connection))


def _path(connection: HTTPConnection) -> str:
    """Return the path of the cookie: of the deployment, so that several on one host do not overwrite each other's."""
    return url_prefix(connection.scope) or "/"
