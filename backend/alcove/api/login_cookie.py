"""Set, read and delete the login cookie (A1, W5), and the member cookie, by which a page recognizes the member."""

from hashlib import sha256

from fastapi import Response
from fastapi.requests import HTTPConnection
from starlette.requests import cookie_parser

from alcove.api.base_path import url_prefix

#: The name over plain HTTP.
LOGIN_COOKIE = "alcove_session"
#: The name over https. With the prefix `__Host-`, other subdomains and plain HTTP pages cannot set the cookie (RFC
#: 6265bis, section 4.1.3.2).
SECURE_LOGIN_COOKIE = "__Host-alcove_session"
#: The name over https below a base path (B1), where `__Host-` cannot be used: it requires the path `/`.
SECURE_LOGIN_COOKIE_BASE_PATH = "__Secure-alcove_session"
#: The name of the login cookie in earlier versions. Rooms and the API do not read it: many frameworks use it for
#: their own sessions, and cookies ignore ports.
EARLIER_COOKIE = "session"
#: A digest of the member's id, in a cookie that scripts can read, unlike the login cookie. A page shows data that the
#: browser stored for a member only if the digest is that member's. The server never reads it.
MEMBER_COOKIE = "alcove_member"
#: Seconds that a login of open mode lasts.
OPEN_LOGIN_S = 30 * 86400


def is_secure(connection: HTTPConnection) -> bool:
    """Return whether the request came over TLS, as the trusted proxies forward it."""
    return connection.url.scheme in {"https", "wss"}


def cookie_name(connection: HTTPConnection) -> str:
    """Return the name of the login cookie: a different one over TLS, and there below a base path."""
    if not is_secure(connection):
        return LOGIN_COOKIE
    return SECURE_LOGIN_COOKIE_BASE_PATH if url_prefix(connection.scope) else SECURE_LOGIN_COOKIE


def read_login(connection: HTTPConnection) -> str | None:
    """Return the value of the request's login cookie; None if it has none.

    A browser sends cookies of one name in the order of their paths, the longest first (RFC 6265, section 5.4): the
    first is this deployment's, others belong to deployments further up on the same host.
    """
    name = cookie_name(connection)
    last_value: str | None = connection.cookies.get(name)
    if last_value is None:
        return None
    # `cookies` has one value per name: parse the header again for the first one.
    pairs = (pair for header in connection.headers.getlist("cookie") for pair in header.split(";"))
    return next(value for pair in pairs for key, value in cookie_parser(pair).items() if key == name)


def set_login(connection: HTTPConnection, response: Response, credential: str, member: str, max_age_s: int) -> None:
    """Add the login cookie and the member cookie to a response.

    Args:
        connection: The request, which decides the cookie's name and flags.
        response: The response that gets the headers.
        credential: The value of the cookie.
        member: The id of the member that it signs in.
        max_age_s: The lifetime of the cookie, in seconds.

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
    """Return the cookie's path, the base path or `/`: deployments on one host must not overwrite each other's."""
    return url_prefix(connection.scope) or "/"
