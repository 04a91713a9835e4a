"""Define the command `alcove`, and its subcommands that are not defined in `data_commands` and `webhook_commands`."""

import asyncio
import re
import sys
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import typer

from alcove.access.open_mode import is_loopback
from alcove.access.rights import LETTERS
from alcove.access.tokens import keys_from_settings
from alcove.bus.open import check_bus, open_bus
from alcove.data_commands import commands as data_commands
from alcove.errors import AlcoveError, SettingsError
from alcove.output import OneLineGroup, redirect_closed_stdout
from alcove.proxies import resolve_proxies
from alcove.remote import LOCAL_SERVER, ServerUrl, admin_token, send_request, sign
from alcove.settings import Settings
from alcove.storage.open import lock_mode_for, open_log
from alcove.urls import split_commas
from alcove.version import VERSION
from alcove.webhook_commands import webhooks

main = typer.Typer(cls=OneLineGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

#: The seconds in each unit of a duration.
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _print_version(requested: bool) -> None:  # noqa: FBT001 - typer's own way
    """Print the version and exit, if the option was given."""
    if requested:
        print(f"alcove {VERSION}", flush=True)  # noqa: T201 - the command's output
        raise typer.Exit


main.add_typer(data_commands)
main.add_typer(webhooks, name="webhooks")


@main.callback()
def alcove(
    context: typer.Context,
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A live room for every item of an application."""
    # Flush here, because errors at the end of the interpreter cannot be handled. If the reader of the output has
    # closed it, as `head` does, typer ends the command quietly; OneLineGroup reports other errors.
    context.call_on_close(sys.stdout.flush)


@main.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Server processes.", min=1)] = 1,
) -> None:
    """Serve the page, the API and every socket."""
    redirect_closed_stdout()
    try:
        from alcove.main import app  # noqa: PLC0415 - reads the settings and loads the server, which other commands do not need
        from alcove.server.command import run  # noqa: PLC0415 - as above

        settings: Settings = app.state.settings
        _check_compatible(settings, host=host, workers=workers)
        asyncio.run(_preflight(settings))
    except AlcoveError as error:
        _exit_with(error)
    run(app, settings, host=host, port=port, workers=workers)


@main.command()
def check() -> None:
    """Check settings, database, clock, bus, descriptors and page; print a line for each, with what to do."""
    try:
        from alcove.check import Finding, run_checks  # noqa: PLC0415 - loads the server, which other commands do not need

        async def all_findings() -> list[Finding]:
            return [finding async for finding in run_checks(Settings.load())]

        findings = asyncio.run(all_findings())
    except AlcoveError as error:
        _exit_with(error)
    for name, ok, text in findings:
        print(f"{'ok' if ok else 'FAIL':<5}{name:<12} {text}")  # noqa: T201 - the command's output
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@main.command()
def token(
    sub: Annotated[str, typer.Option(help="The member's id.")],
    item: Annotated[list[str], typer.Option(help="Rights on an item, as foo=rw or 'order-*=r'; may be repeated.")],
    name: Annotated[str | None, typer.Option(help="The member's name.")] = None,
    ttl: Annotated[str, typer.Option(help="How long it is valid: 90s, 15m, 1h, 7d.")] = "1h",
) -> None:
    """Print a token signed with ALCOVE_SECRET."""
    try:
        signed_token = asyncio.run(
            sign(Settings.load(), sub=sub, name=name, items=dict(map(_parse_right, item)), ttl_s=_parse_seconds(ttl))
        )
        print(signed_token)  # noqa: T201 - the command's output
    except AlcoveError as error:
        _exit_with(error)


@main.command()
def revoke(
    sub: Annotated[str, typer.Option(help="The member whose tokens end now.")],
    item: Annotated[str | None, typer.Option(help="On this item only.")] = None,
    url: ServerUrl = LOCAL_SERVER,
) -> None:
    """End a member's tokens and open connections, on every process.

    Takes a token with the right to moderate * from the variable ALCOVE_TOKEN, or signs one with ALCOVE_SECRET.
    """
    try:
        body = {"sub": sub} if item is None else {"sub": sub, "item": item}
        with send_request(url, asyncio.run(admin_token()), "POST", "/api/revoke", body=body):
            pass
    except AlcoveError as error:
        _exit_with(error)


@main.command()
def schema(
    role: Annotated[str | None, typer.Option(help="The role of the server; it is granted what it needs.")] = None,
    since: Annotated[int, typer.Option(help="The version of the schema that the database has; 0: none.", min=0)] = 0,
) -> None:
    """Print the SQL of the log's schema in PostgreSQL, for databases where the server's role may not create it."""
    from alcove.storage.postgres.schema import VERSION, script  # noqa: PLC0415 - its driver is an extra

    if since > VERSION:
        _exit_with(SettingsError(f"--since {since}: this version of Alcove has schemas up to {VERSION}"))
    print(script(since, role))  # noqa: T201 - the command's output


def _check_compatible(settings: Settings, *, host: str, workers: int) -> None:
    """Check that host, workers, bus and proxies fit together before the server starts (A2, X6).

    Args:
        settings: The settings.
        host: The address to listen on; in open mode it must be a loopback address.
        workers: The number of server processes; several need PostgreSQL and a shared bus.

    Raises:
        SettingsError: Two of them do not fit together, or a proxy cannot be resolved.

    """
    if settings.open_mode and not settings.allow_open and not is_loopback(host):
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
    """Open and close the log, connect to the bus and read the keys, so that a problem is reported in one line.

    Raises:
        AlcoveError: The log cannot be opened, the bus does not answer, or the keys cannot be read.

    """
    await (await open_log(settings.database_url, lock_mode=lock_mode_for(settings.bus_url))).close()
    await check_bus(settings.bus_url)
    if keys := keys_from_settings(settings):
        await keys.start()


def _parse_right(text: str) -> tuple[str, str]:
    """Parse `item=letters` into item and letters. Raises SettingsError if the text does not have this form."""
    item, equals, letters = text.rpartition("=")
    if not equals or not item or not letters or set(letters) - set(LETTERS):
        raise SettingsError(
            f"--item {text!r}: expected an item or pattern, `=`, and one or more of the letters rwm, like foo=rw"
        )
    return item, letters


def _parse_seconds(text: str) -> int:
    """Convert a duration such as `15m` to seconds. Raises SettingsError if the text does not have this form."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if not match:
        raise SettingsError(f"--ttl {text!r}: expected a number of up to 9 digits and s, m, h or d, like 15m")
    return int(match[1]) * _UNITS[match[2]]


def _exit_with(error: AlcoveError) -> NoReturn:
    """Print the error as one line on stderr and exit with status 1."""
    sys.exit(f"alcove: {error}")
