"""Test commands whose input or output is closed or unwritable: they end quietly, or explain the problem in one line."""

import asyncio
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.servers import ALCOVE, ON_ONE_CARRIER, Server, Start
from tests.support.webhook_receiver import WEBHOOK_SECRET

#: Commands that print something; `{url}` is a server.
COMMANDS = [
    "--help",
    "--version",
    "schema",
    "token --sub ada --item foo=r",
    "check",
    "webhooks status --url {url}",
    "import lines.ndjson --url {url}",
]


def run_and_close_output(folder: Path, *arguments: str, read_bytes: int) -> tuple[int, str]:
    """Run the command, and close its output after `read_bytes` bytes; return the exit code and the text on stderr."""
    read_end, write_end = os.pipe()
    if not read_bytes:
        os.close(read_end)
    environment = {"PATH": os.environ["PATH"], "ALCOVE_SECRET": SECRET}
    with subprocess.Popen(  # noqa: S603 - the project's own
        [str(ALCOVE), *arguments], cwd=folder, env=environment, stdout=write_end, stderr=subprocess.PIPE, text=True
    ) as command:
        os.close(write_end)
        if read_bytes:
            assert os.read(read_end, read_bytes)
            os.close(read_end)
        _, errors = command.communicate()
    return command.returncode, errors


@pytest.fixture(scope="module")
def webhook_server(start: Start) -> Server:
    """Start a server with a webhook and nothing to deliver."""
    hook = {"ALCOVE_WEBHOOK_URL": "http://127.0.0.1:1/", "ALCOVE_WEBHOOK_SECRET": WEBHOOK_SECRET}
    return start(ALCOVE_SECRET=SECRET, **hook)


@ON_ONE_CARRIER
@pytest.mark.parametrize("command", COMMANDS)
async def test_command_with_closed_output_ends_quietly(webhook_server: Server, tmp_path: Path, command: str) -> None:
    (tmp_path / "lines.ndjson").write_text('{"type":"room","item":"foo"}\n')
    arguments = command.format(url=webhook_server.url).split()

    assert await asyncio.to_thread(run_and_close_output, tmp_path, *arguments, read_bytes=0) == (1, "")


@ON_ONE_CARRIER
async def test_w14_export_piped_into_head_ends_quietly(secured_server: Server, item: str, tmp_path: Path) -> None:
    async with http(secured_server, token(items={item: "rw"})) as client:
        for number in range(5):  # more than the buffer of a pipe
            response = await client.post(f"/api/items/{item}/entries", json={"body": f"{number}" * 60_000})
            assert response.status_code == 201
    export = ("export", "--item", item, "--url", secured_server.url)

    assert await asyncio.to_thread(run_and_close_output, tmp_path, *export, read_bytes=10) == (1, "")


@ON_ONE_CARRIER
@pytest.mark.parametrize("command", [*COMMANDS, "export --item foo --url {url}"])
async def test_command_reports_unwritable_output_in_one_line(
    webhook_server: Server, tmp_path: Path, command: str
) -> None:
    (tmp_path / "lines.ndjson").write_text('{"type":"room","item":"foo"}\n')
    arguments = command.format(url=webhook_server.url)
    message = "alcove: the output cannot be written: "

    assert await run_in_shell(tmp_path, f"{arguments} >/dev/full") == (1, f"{message}No space left on device\n")
    assert await run_in_shell(tmp_path, f"{arguments} >/dev/full", PYTHONUNBUFFERED="1") == (
        1,
        f"{message}No space left on device\n",
    )
    assert await run_in_shell(tmp_path, f"{arguments} >&-") == (1, f"{message}it is closed\n")


@ON_ONE_CARRIER
async def test_w14_large_export_blames_the_output_and_not_the_server(
    secured_server: Server, item: str, tmp_path: Path
) -> None:
    async with http(secured_server, token(items={item: "rw"})) as client:
        for number in range(5):  # more than the command buffers
            await client.post(f"/api/items/{item}/entries", json={"body": f"{number}" * 60_000})
    export = f"export --item {item} --url {secured_server.url}"

    assert await run_in_shell(tmp_path, f"{export} >/dev/full") == (
        1,
        "alcove: the output cannot be written: No space left on device\n",
    )


@ON_ONE_CARRIER
async def test_w14_import_reports_closed_stdin_in_one_line(webhook_server: Server, tmp_path: Path) -> None:
    assert await run_in_shell(tmp_path, f"import - --url {webhook_server.url} <&-") == (
        1,
        "alcove: -: stdin is closed: name a file, or pipe the lines into the command\n",
    )


@ON_ONE_CARRIER
async def test_silent_command_succeeds_with_closed_output(webhook_server: Server, tmp_path: Path) -> None:
    assert await run_in_shell(tmp_path, f"revoke --sub nobody --url {webhook_server.url} <&- >&- 2>&-") == (0, "")


async def run_in_shell(folder: Path, command: str, **environment: str) -> tuple[int, str]:
    """Run `alcove` in a shell, with its redirections; return the exit code and the text on stderr."""
    process = await asyncio.create_subprocess_shell(
        f"exec {shlex.quote(str(ALCOVE))} {command}",
        cwd=folder,
        env={"PATH": os.environ["PATH"], "ALCOVE_SECRET": SECRET, **environment},
        stderr=subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors.decode()
