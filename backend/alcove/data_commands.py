"""Define the commands `alcove export`, `alcove import` and `alcove erase`, which call a running server."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Annotated, BinaryIO
from urllib.parse import quote

import typer

from alcove.errors import AlcoveError, SettingsError
from alcove.item_ids import ItemIdError, check_item_id
from alcove.output import convert_output_errors
from alcove.progress import Progress
from alcove.quantities import quantity
from alcove.remote import LOCAL_SERVER, RefusedError, ServerUrl, admin_token, exit_on_error, send_request
from alcove.rooms.import_file import ImportFile, ImportRequest

commands = typer.Typer()

#: Seconds that a server may be silent while it exports, imports or erases.
_LONG_S = 600.0
#: Statuses of responses that blame the file: it would fail again unchanged.
_FILE_ERROR_STATUSES = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}


@commands.command()
def export(
    item: Annotated[str | None, typer.Option(help="The item whose room is exported.")] = None,
    member: Annotated[str | None, typer.Option(help="The member whose entries are exported.")] = None,
    url: ServerUrl = LOCAL_SERVER,
) -> None:
    """Print a room, or what a member wrote, as lines of JSON (W14).

    Takes a token with the right to moderate * from the variable ALCOVE_TOKEN, or signs one with ALCOVE_SECRET.
    """
    with exit_on_error():
        if (item is None) == (member is None):
            raise SettingsError("give either --item or --member")
        member_path = f"/api/members/{quote(member or '')}"
        path = member_path if item is None else f"/api/items/{quote(_check_item(item))}/export"
        progress = Progress("lines")
        with send_request(url, asyncio.run(admin_token()), "GET", path, timeout_s=_LONG_S) as lines:
            for line in lines:
                with convert_output_errors():
                    sys.stdout.buffer.write(line)
                if item is not None and not progress.done:
                    header = json.loads(line)
                    progress.total = header["head"] - header["oldest"] + 2
                progress.add(1)
        with convert_output_errors():
            sys.stdout.buffer.flush()
        progress.finish()


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Lines of JSON as `alcove export` prints them; - reads stdin.")],
    url: ServerUrl = LOCAL_SERVER,
) -> None:
    """Import existing entries into rooms, with their authors and times (W14).

    Every line is checked before the first one is sent, except for what only the server knows: how large a body may be,
    and what its rooms have. Entries that are already stored stay unchanged: after a stop, run the same command again;
    after the error of a line, correct it first.

    Takes a token with the right to moderate * from the variable ALCOVE_TOKEN, or signs one with ALCOVE_SECRET.
    """
    with exit_on_error(), _seekable_file(file) as opened:
        source = ImportFile(opened)
        progress = Progress("lines", sum(request.line_count for request in source.requests()))
        stored = known = 0
        try:
            for request in source.requests():
                path = f"/api/import?line={request.first_line}"
                token = asyncio.run(admin_token())
                with send_request(url, token, "POST", path, body=request.data, timeout_s=_LONG_S) as response:
                    result = json.load(response)
                stored, known = stored + result["stored"], known + result["known"]
                progress.add(request.line_count)
        except AlcoveError as error:
            raise AlcoveError(_import_error(error, request, int(progress.done))) from None
        progress.finish()
    left_out = f", {source.left_out} left out, as the file lacks what they refer to" if source.left_out else ""
    print(f"{stored} entries stored, {known} were stored before{left_out}")  # noqa: T201 - the command's output


def _import_error(error: AlcoveError, request: ImportRequest, done_lines: int) -> str:
    """Describe why the request failed, which line is at fault, and what to do next."""
    text = str(error)
    status = error.status if isinstance(error, RefusedError) else None
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        text = f"{request.oversized_lines}: {text}"
    if not done_lines:
        return text
    correction = "correct the file, then " if status in _FILE_ERROR_STATUSES else ""
    return f"{text}; {done_lines:,} lines are imported: {correction}run the command again to continue"


@commands.command()
def erase(
    member: Annotated[str, typer.Option(help="The member whose data are erased, in every room.")],
    url: ServerUrl = LOCAL_SERVER,
) -> None:
    """Erase a member: messages, name, picture, role, events and read marks (W14). This cannot be undone.

    Prints how many messages it deleted, in how many rooms, or that nothing is kept of the member: check the id then.
    The exit code is 0 in both cases.

    Takes a token with the right to moderate * from the variable ALCOVE_TOKEN, or signs one with ALCOVE_SECRET.
    """
    with exit_on_error():
        progress = Progress("rooms")
        path = f"/api/members/{quote(member)}"
        with send_request(url, asyncio.run(admin_token()), "DELETE", path, timeout_s=_LONG_S) as lines:
            step = {"done": lines.status == 204}  # a server of an earlier version sends no counts
            for line in lines:
                step = json.loads(line)
                progress.total = step["of"]
                progress.update(step["rooms"])
        progress.finish()
        if not step.get("done"):
            raise AlcoveError(f"{url} stopped before {member!r} was erased: run the command again")
        text = f"erased {member!r}" if step.get("of", 1) else f"nothing is kept of {member!r}"
        if step.get("of") and "messages" in step:
            text += f": {quantity(step['messages'], 'message')} in {quantity(step['of'], 'room')}"
        print(text)  # noqa: T201 - the command's output


def _check_item(item: str) -> str:
    """Return the item id unchanged. Raises SettingsError if it is invalid: its URL would name another path."""
    try:
        return check_item_id(item)
    except ItemIdError as error:
        raise SettingsError(f"--item {item!r}: {error}") from None


@contextmanager
def _seekable_file(path: Path) -> Iterator[BinaryIO]:
    """Open the file for reading; copy stdin to a temporary file first, because the input is read twice."""
    try:
        if str(path) != "-":
            with path.open("rb") as file:
                yield file
            return
        if sys.stdin is None:
            raise SettingsError("-: stdin is closed: name a file, or pipe the lines into the command")
        with TemporaryFile() as copy:
            copyfileobj(sys.stdin.buffer, copy)
            yield copy
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}") from None
