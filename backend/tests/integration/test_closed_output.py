"""Test that a command ends quietly when its output is closed, as by `alcove export | head`."""

import asyncio
import os
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


def run_into(folder: Path, *arguments: str, read: int) -> tuple[int, str]:
    """Run the command; close its output after `read` bytes. Return the exit code and the text on stderr."""
    reading, writing = os.pipe()
    if not read:
        os.close(reading)
    environment = {"PATH": os.environ["PATH"], "ALCOVE_SECRET": SECRET}
    with subprocess.Popen(  # noqa: S603 - the project's own
        [str(ALCOVE), *arguments], cwd=folder, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True
    ) as command:
        os.close(writing)
        if read:
            assert os.read(reading, read)
            os.close(reading)
        _, errors = command.communicate()
    return command.returncode, errors


@pytest.fixture(scope="module")
def webhook_server(start: Start) -> Server:
    """Start a server with a webhook and nothing to deliver."""
    hook = {"ALCOVE_WEBHOOK_URL": "http://127.0.0.1:1/", "ALCOVE_WEBHOOK_SECRET": WEBHOOK_SECRET}
    return start(ALCOVE_SECRET=SECRET, **hook)


@ON_ONE_CARRIER
@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_whose_output_is_closed_ends_quietly(
    webhook_server: Server, tmp_path: Path, command: str
) -> None:
    (tmp_path / "lines.ndjson").write_text('{"type":"room","item":"foo"}\n')
    arguments = command.format(url=webhook_server.url).split()

    assert await asyncio.to_thread(run_into, tmp_path, *arguments, read=0) == (1, "")


@ON_ONE_CARRIER
async def test_w14_an_export_into_head_ends_quietly(secured_server: Server, item: str, tmp_path: Path) -> None:
    async with http(secured_server, token(items={item: "rw"})) as client:
        for number in range(5):  # more than a pipe holds
            response = await client.post(f"/api/items/{item}/entries", json={"body": f"{number}" * 60_000})
            assert response.status_code == 201
    export = ("export", "--item", item, "--url", secured_server.url)

    assert await asyncio.to_thread(run_into, tmp_path, *export, read=10) == (1, "")
