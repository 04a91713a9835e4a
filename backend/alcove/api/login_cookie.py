"""Set, read and delete the login cookie (A1, W5) and the member cookie, which tells a page who is signed in."""

from hashlib import sha256

from fastapi import Response
from fastapi.requests import HTTPConnection
from starlette.requests import cookie_parser

from alcove.api.base_path import url_prefix

#: The name of the login cookie over plain HTTP.
LOGIN_COOKIE = "alcove_session"
#: The name of the login cookie over https. With the prefix `__Host-`, other subdomains and plain HTTP pages cannot set
#: the cookie (RFC 6265bis, section 4.1.3.2).
SECURE_LOGIN_COOKIE = "__Host-alcove_session"
#: The name of the login cookie over https below a base path (B1), because `__Host-` requires the path `/`.
SECURE_LOGIN_COOKIE_BASE_PATH = "__Secure-alcove_session"
#: The name of the login cookie in earlier versions. Rooms and the API do not read this cookie: many frameworks use its
#: name for their own sessions, and browsers send a cookie to all ports of a host.
EARLIER_COOKIE = "session"
#: The name of the member cookie, which holds a digest of the member's id. Scripts can read it, unlike the login cookie:
#: a page shows what the browser stored for a member only if the digest is that member's. The server never reads it.
MEMBER_COOKIE = "alcove_member"
#: Seconds that a login of open mode lasts.
OPEN_LOGIN_S = 30 * 86400


def is_secure(connection: HTTPConnection) -> bool:
    """Return whether the client sent the request over TLS, as reported by the trusted proxies."""
    return connection.url.scheme in {"https", "wss"}


def cookie_name(connection: HTTPConnection) -> str:
    """Return the name of the login cookie, which depends on TLS and, over TLS, on a base path."""
    if not is_secure(connection):
        return LOGIN_COOKIE
    return SECURE_LOGIN_COOKIE_BASE_PATH if url_prefix(connection.scope) else SECURE_LOGIN_COOKIE


def read_login(connection: HTTPConnection) -> str | None:
    """Return the value of the request's login cookie; None if the request has no login cookie.

    A browser sends cookies of the same name in the order of their paths, the longest first (RFC 6265, section 5.4). The
    first one belongs to this deployment, the others to deployments at shorter paths of the same host.
    """
    name = cookie_name(connection)
    last_value: str | None = connection.cookies.get(name)
    if last_value is None:
        return None
    # `cookies` keeps the last value of each name: parse the header again to get the first one.
    pairs = (pair for header in connection.headers.getlist("cookie") for pair in header.split(";"))
    return next(value for pair in pairs for key, value in cookie_parser(pair).items() if key == name)


def set_login(connection: HTTPConnection, response: Response, credential: str, member: str, max_age_s: int) -> None:
    """Add the login cookie and the member cookie to a response.

    Args:
        connection: The request. Its scheme and base path determine the cookies' names, paths and flags.
        response: The response that gets the headers.
        credential: The value of the login cookie.
        member: The id of the member whom the credential signs in.
        max_age_s: The lifetime of both cookies, in seconds.

    """
    response.set_cookie(
        cookie_name(connection),
        credential,
        max_age=max_age_s,
        httponly=True,
        samesite="lax",
        secure=is_secure(connection),
        path=_path(connection),
    )
    response.set_cookie(
        MEMBER_COOKIE,
        sha256(member.encode()).hexdigest()[:32],
        max_age=max_age_s,
        samesite="lax",
        secure=is_secure(connection),
        path=_path(connection),
    )


def delete_login(connection: HTTPConnection, response: Response) -> None:
    """Add headers to the response that delete the login cookie and the member cookie."""
    response.delete_cookie(
        cookie_name(connection),
        path=_path(connection),
        httponly=True,
        samesite="lax",
        secure=is_secure(connection),
    )
    response.delete_cookie(MEMBER_COOKIE, path=_path(connection), samesite="lax", secure=is_secure(connection))


def _path(connection: HTTPConnection) -> str:
    """Return the cookies' path, the base path or `/`, so that deployments on one host do not overwrite cookies."""
    return url_prefix(connection.scope) or "/"
