"""Run the command `alcove`: serve, sign tokens, revoke access, print the schema."""

import asyncio
import json
import os
import re
import sys
import time
from contextlib import suppress
from http.client import HTTPException
from typing import Annotated, NoReturn
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt
import typer

from alcove.access.open_mode import is_loopback
from alcove.access.tokens import Keys, keys_from_settings
from alcove.bus.open import check_bus, open_bus
from alcove.errors import AlcoveError, Refusal, SettingsError
from alcove.proxies import resolve_proxies
from alcove.settings import Settings, split_commas
from alcove.storage.open import lock_mode_for, open_log

main = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@main.callback()
def alcove() -> None:
    """A live room for every item of an application."""


@main.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Server processes.", min=1)] = 1,
) -> None:
    """Serve the page, the API and every socket."""
    try:
        from alcove.main import app  # noqa: PLC0415 - reads the settings and loads the server, which other commands do not need
        from alcove.server.command import run  # noqa: PLC0415 - as above

        settings: Settings = app.state.settings
        _check(settings, host=host, workers=workers)
        asyncio.run(_preflight(settings))
    except AlcoveError as error:
        _stop(error)
    run(app, settings, host=host, port=port, workers=workers)


@main.command()
def token(
    sub: Annotated[str, typer.Option(help="The member's id.")],
    item: Annotated[list[str], typer.Option(help="Rights on an item, as foo=rw or 'order-*=r'; may be repeated.")],
    name: Annotated[str | None, typer.Option(help="The member's name.")] = None,
    ttl: Annotated[str, typer.Option(help="How long it is valid: 90s, 15m, 1h, 7d.")] = "1h",
) -> None:
    """Print a token signed with ALCOVE_SECRET."""
    try:
        made = asyncio.run(
            sign(Settings.load(), sub=sub, name=name, items=dict(map(_right, item)), ttl_s=_seconds(ttl))
        )
        print(made)  # noqa: T201 - the command's output
    except AlcoveError as error:
        _stop(error)


@main.command()
def revoke(
    sub: Annotated[str, typer.Option(help="The member whose tokens end now.")],
    item: Annotated[str | None, typer.Option(help="On this item only.")] = None,
    url: Annotated[str, typer.Option(help="A server of the deployment.")] = "http://127.0.0.1:8000",
) -> None:
    """End a member's tokens and open connections, on every process.

    Takes a token with the right to moderate * from the variable ALCOVE_TOKEN, or signs one with ALCOVE_SECRET.
    """
    try:
        asyncio.run(_revoke(url, {"sub": sub} if item is None else {"sub": sub, "item": item}))
    except AlcoveError as error:
        _stop(error)


@main.command()
def schema(
    role: Annotated[str | None, typer.Option(help="The role of the server; it is granted what it needs.")] = None,
    since: Annotated[int, typer.Option(help="The version of the schema that the database has; 0: none.", min=0)] = 0,
) -> None:
    """Print the SQL of the log's schema in PostgreSQL, for databases where the server's role may not create it."""
    from alcove.storage.postgres.schema import VERSION, script  # noqa: PLC0415 - its driver is an extra

    if since > VERSION:
        _stop(SettingsError(f"--since {since}: this version of Alcove has schemas up to {VERSION}"))
    print(script(since, role))  # noqa: T201 - the command's output


async def _revoke(url: str, body: dict[str, str]) -> None:
    """Send the revocation to a server. Raises AlcoveError if it cannot be reached, or refuses."""
    # From the environment, because every user of this machine can read a command's arguments (A6).
    admin = os.environ.get("ALCOVE_TOKEN") or await sign(
        Settings.load(), sub="alcove-revoke", name=None, items={"*": "rwm"}, ttl_s=60
    )
    if not url.startswith(("http://", "https://")):
        raise SettingsError(f"--url {url!r}: expected http:// or https://")
    headers = {"authorization": f"Bearer {admin}", "content-type": "application/json"}
    try:
        request = Request(f"{url.rstrip('/')}/api/revoke", json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - checked
        with build_opener(_NoRedirect).open(request, timeout=10):
            pass
    except HTTPError as error:
        raise AlcoveError(f"{url} refused: {_reason(error)}") from None
    except (OSError, ValueError, HTTPException) as error:
        raise AlcoveError(f"{url} cannot be reached: {error}") from None


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirects: the credential is for one server only."""

    def redirect_request(self, *_: object) -> None:
        """Return no next request."""


def _reason(error: HTTPError) -> str:
    """Return why a server refused: the detail of its problem document, else the HTTP status."""
    with suppress(ValueError, OSError, HTTPException):
        answer = json.loads(error.read(64 * 1024))
        if isinstance(answer, dict) and "detail" in answer:
            return str(answer["detail"])
    return f"{error.code} {error.reason}"


async def sign(settings: Settings, *, sub: str, name: str | None, items: dict[str, str], ttl_s: int) -> str:
    """Return a signed token that is valid from now on.

    Args:
        settings: Gives the secret.
        sub: The member's id.
        name: The member's name; None: the id.
        items: Letters of rights by item or pattern.
        ttl_s: Seconds until the token expires.

    Raises:
        SettingsError: There is no secret, or the server would refuse the token.

    """
    if settings.secret is None:
        raise SettingsError("ALCOVE_SECRET is not set: a token is signed with it; make one with `openssl rand -hex 32`")
    secret = settings.secret.get_secret_value()
    keys = Keys(secret, None, 0)
    now = int(time.time())
    claims = {"sub": sub, "items": items, "iat": now, "exp": now + ttl_s} | ({} if name is None else {"name": name})
    made = jwt.encode(claims, secret, algorithm="HS256")
    try:
        await keys.check(made)
    except Refusal as refusal:
        raise SettingsError(f"the server would refuse this token: {refusal.message}") from None
    return made


def _check(settings: Settings, *, host: str, workers: int) -> None:
    """Check that host and workers fit the settings (A2, X6). Raises SettingsError."""
    if settings.open and not settings.allow_open and not is_loopback(host):
        raise SettingsError(
            f"--host {host} in open mode would give every machine of the network access:"
            " set ALCOVE_SECRET or ALCOVE_JWKS, or ALCOVE_ALLOW_OPEN=true"
        )
    single = [
        f"{name}={urlsplit(url).scheme}://"
        for name, url in (("ALCOVE_DATABASE_URL", settings.database_url), ("ALCOVE_BUS_URL", settings.bus_url))
        if urlsplit(url).scheme in {"sqlite", "memory"}
    ]
    if workers > 1 and single:
        raise SettingsError(
            f"--workers {workers} needs a database and a bus that several processes can use,"
            f" but {' and '.join(single)} serve one process only: set ALCOVE_DATABASE_URL=postgresql://…"
            " and ALCOVE_BUS_URL=redis://… or postgresql://…"
        )
    open_bus(settings.bus_url, settings.bus_prefix)
    resolve_proxies(split_commas(settings.trusted_proxies))


async def _preflight(settings: Settings) -> None:
    """Open and close the log, so that a problem is reported in one line. Raises AlcoveError."""
    await (await open_log(settings.database_url, lock_mode=lock_mode_for(settings.bus_url))).close()
    await check_bus(settings.bus_url)
    if keys := keys_from_settings(settings):
        await keys.start()


def _right(text: str) -> tuple[str, str]:
    """Return item and letters of `item=letters`. Raises SettingsError."""
    item, equals, letters = text.rpartition("=")
    if not equals or not item or not letters or set(letters) - set("rwm"):
        raise SettingsError(f"--item {text!r}: expected an item or pattern, `=`, and letters of rwm, like foo=rw")
    return item, letters


def _seconds(text: str) -> int:
    """Return the seconds of a duration like 15m. Raises SettingsError."""
    found = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if not found:
        raise SettingsError(f"--ttl {text!r}: expected a number and s, m, h or d, like 15m")
    return int(found[1]) * _UNITS[found[2]]


def _stop(error: AlcoveError) -> NoReturn:
    """Exit with the error as one line on stderr."""
    sys.exit(f"alcove: {error}")
