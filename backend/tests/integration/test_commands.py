"""Test `alcove serve` with invalid settings, `alcove token` and `alcove revoke` (A2, A3, A7)."""

import time
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import jwt
import pytest

from alcove.app import create_app
from alcove.settings import Settings
from deploy.ports import free_port
from tests.support.clients import connect
from tests.support.credentials import SECRET, register_credential, run_key_server, token
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import ALCOVE, BIN, ON_ONE_CARRIER, Process, Server, start_fastapi_dev

BACKEND = Path(__file__).parents[2]
SECRET_ENV = {"ALCOVE_SECRET": SECRET}
OPEN_MODE_ERROR = "alcove: --host 0.0.0.0 in open mode would give every machine of the network access"
#: Settings and arguments with which `alcove serve` does not start, and the beginning of the line that it prints.
START_ERRORS = {
    "a short secret": ({"ALCOVE_SECRET": "x" * 31}, [], "alcove: ALCOVE_SECRET has 31 bytes: expected at least 32"),
    "a blank secret": (
        {"ALCOVE_SECRET": " " * 40},
        [],
        "alcove: ALCOVE_SECRET has 0 bytes without the blanks around it: expected at least 32",
    ),
    "a key as secret": (
        {"ALCOVE_SECRET": "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----"},
        [],
        "alcove: ALCOVE_SECRET is not a shared secret",
    ),
    "no such file": (
        {"ALCOVE_JWKS": "/nowhere/jwks.json"},
        [],
        "alcove: ALCOVE_JWKS='/nowhere/jwks.json' is not a key set",
    ),
    "another scheme": (
        {"ALCOVE_JWKS": "ftp://u:pw@example/"},
        [],
        "alcove: ALCOVE_JWKS='ftp://***@example/': expected a path",
    ),
    "a set's host that is none": ({"ALCOVE_JWKS": "http://u:pw@[::1/"}, [], "alcove: ALCOVE_JWKS='http://***@[::1/': "),
    "a set's key with a space": (
        {"ALCOVE_JWKS": "http://127.0.0.1:1/?key=p pw"},
        [],
        "alcove: ALCOVE_JWKS='http://127.0.0.1:1/?***': ",
    ),
    "a database's port that is none": (
        {"ALCOVE_DATABASE_URL": "postgresql://u:pw@h:port/x"},
        [],
        "alcove: ALCOVE_DATABASE_URL='postgresql://***@h:port/x': value error, expected an address",
    ),
    "a bus's port that is none": (
        {"ALCOVE_BUS_URL": "redis://u:p/pw@h:port"},
        [],
        "alcove: ALCOVE_BUS_URL='redis://***@h:port': value error, expected an address",
    ),
    "nobody there": (
        {"ALCOVE_JWKS": "http://u:pw@127.0.0.1:1/"},
        [],
        "alcove: ALCOVE_JWKS='http://***@127.0.0.1:1/' is no",
    ),
    "no origin": ({"ALCOVE_ORIGINS": "app.example"}, [], "alcove: ALCOVE_ORIGINS='app.example': value error, expected"),
    "an origin with a path": ({"ALCOVE_ORIGINS": "https://app.example/"}, [], "alcove: ALCOVE_ORIGINS="),
    "any origin": ({"ALCOVE_ORIGINS": "*"}, [], "alcove: ALCOVE_ORIGINS='*'"),
    "another header": ({"ALCOVE_FRAME_ANCESTORS": "'self'; script-src *"}, [], "alcove: ALCOVE_FRAME_ANCESTORS="),
    "open to all": ({}, ["--host", str(IPv4Address(0))], OPEN_MODE_ERROR),
    "open to all, IPv6": ({}, ["--host", "::"], "alcove: --host :: in open mode"),
    "open to the neighbours": ({}, ["--host", "192.0.2.1"], "alcove: --host 192.0.2.1 in open mode"),
    "open by name": ({}, ["--host", "example.org"], "alcove: --host example.org in open mode"),
}


def run(tmp_path: Path, *arguments: str, **env: str) -> tuple[int, list[str]]:
    """Run the command; return its exit code and the lines that it printed."""
    process = Process([ALCOVE, *arguments], cwd=tmp_path, env=env)
    return process.wait_for_exit(), process.lines


@pytest.mark.parametrize("cause", START_ERRORS)
def test_a2_a3_invalid_setting_stops_the_start_with_one_line(tmp_path: Path, cause: str) -> None:
    env, arguments, line = START_ERRORS[cause]
    code, lines = run(tmp_path, "serve", "--port", "0", *arguments, **env)

    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith(line)
    assert "pw" not in lines[0]


def test_a3_short_secret_stops_any_asgi_server() -> None:
    process = Process([BIN / "fastapi", "run", "--port", str(free_port())], cwd=BACKEND, env={"ALCOVE_SECRET": "x"})

    assert process.wait_for_exit() != 0
    # Another server shows the exception that the import of the app raised; only the command prints one line.
    assert "SettingsError: ALCOVE_SECRET has 1 bytes" in process.output


@ON_ONE_CARRIER
def test_a2_open_mode_logs_a_warning_at_the_start(server: Server) -> None:
    assert "OPEN MODE: anyone who reaches this server may read and write" in server.output


@ON_ONE_CARRIER
async def test_a2_signed_mode_logs_no_warning_at_the_start(secured_server: Server) -> None:
    assert "OPEN MODE" not in secured_server.output


def test_a3_printed_token_has_the_given_claims(tmp_path: Path) -> None:
    before = int(time.time())
    code, [printed_token] = run(
        tmp_path,
        "token",
        "--sub",
        "ada",
        "--name",
        "Ada",
        "--item",
        "foo=rw",
        "--item",
        "order-*=r",
        "--ttl",
        "15m",
        **SECRET_ENV,
    )
    claims = jwt.decode(register_credential(printed_token), SECRET, algorithms=["HS256"])

    assert code == 0
    assert {name: claims[name] for name in ("sub", "name", "items")} == {
        "sub": "ada",
        "name": "Ada",
        "items": {"foo": "rw", "order-*": "r"},
    }
    assert before <= claims["iat"] <= time.time()
    assert claims["exp"] == claims["iat"] + 900


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--sub", "ada", "--item", "foo"], "alcove: --item 'foo': expected"),
        (["--sub", "ada", "--item", "foo="], "alcove: --item 'foo=': expected"),
        (["--sub", "ada", "--item", "=rw"], "alcove: --item '=rw': expected"),
        (["--sub", "ada", "--item", "foo=rx"], "alcove: --item 'foo=rx': expected"),
        (["--sub", "ada", "--item", "foo=r", "--ttl", "1w"], "alcove: --ttl '1w': expected"),
        (["--sub", "ada", "--item", "foo=r", "--ttl", "0s"], "alcove: the server would refuse this token"),
        (["--sub", "", "--item", "foo=r"], "alcove: the server would refuse this token: the token's `sub`"),
        (
            ["--sub", "ada", "--name", "", "--item", "foo=r"],
            "alcove: the server would refuse this token: the token's `name`",
        ),
    ],
)
def test_a3_token_command_refuses_to_print_an_invalid_token(tmp_path: Path, arguments: list[str], line: str) -> None:
    code, lines = run(tmp_path, "token", *arguments, **SECRET_ENV)

    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith(line)


def test_a3_token_command_requires_a_secret(tmp_path: Path) -> None:
    code, lines = run(tmp_path, "token", "--sub", "a", "--item", "a=r")

    assert code == 1
    assert lines[0].startswith("alcove: ALCOVE_SECRET is not set:")


async def test_a7_revoke_command_revokes_a_member(secured_server: Server, tmp_path: Path, item: str) -> None:
    token_of_walter = token(sub="walter", items={"*": "rw"})
    async with (
        await RoomClient.join(secured_server, item, token=token_of_walter) as room,
        await RoomClient.join(secured_server, f"{item}-2", token=token_of_walter) as second_room,
    ):
        arguments = ("revoke", "--sub", "walter", "--item", item, "--url", secured_server.url)
        assert run(tmp_path, *arguments, **SECRET_ENV) == (0, [])
        assert await room.wait_for_close() == 4403
        assert await second_room.send_messages("still here") == [1]
        admin = token(sub="root", items={"*": "m"})
        assert run(tmp_path, "revoke", "--sub", "walter", "--url", f"{secured_server.url}/", ALCOVE_TOKEN=admin) == (
            0,
            [],
        )
        assert await second_room.wait_for_close() == 4403


@ON_ONE_CARRIER
def test_a7_revoke_command_explains_its_failure_in_one_line(
    secured_server: Server, server: Server, tmp_path: Path
) -> None:
    def failure_line(url: str, **env: str) -> str:
        code, lines = run(tmp_path, "revoke", "--sub", "nobody", "--url", url, **env)
        assert (code, len(lines)) == (1, 1)
        return lines[0]

    token_without_moderate = token(items={"*": "rw"})
    assert (
        failure_line(secured_server.url, ALCOVE_TOKEN=token_without_moderate)
        == f"alcove: {secured_server.url} refused: this requires the right to moderate *"
    )
    assert "refused: the token is not valid" in failure_line(secured_server.url, ALCOVE_SECRET="s" * 32)
    assert failure_line(server.url, **SECRET_ENV) == f"alcove: {server.url} refused: open mode has no tokens to revoke"
    assert failure_line(secured_server.url).startswith("alcove: ALCOVE_SECRET is not set")
    assert "cannot be reached" in failure_line(f"http://127.0.0.1:{free_port()}", **SECRET_ENV)
    assert "cannot be reached" in failure_line("http://[", **SECRET_ENV)
    assert "expected http:// or https://" in failure_line("file:///etc/passwd", **SECRET_ENV)
    with run_key_server() as failing_server:
        failing_server.status, failing_server.body = 500, b"<html>"
        assert f"alcove: {failing_server.url} refused: " in failure_line(failing_server.url, **SECRET_ENV)


async def test_a2_open_mode_refuses_other_machines_under_any_asgi_server(tmp_path: Path) -> None:
    """The app checks the address at which a client connected, because an ASGI server may bind any address."""

    async def status(host: str, *, allow_open: bool = False) -> int:
        app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/alcove.db", allow_open=allow_open))
        async with (
            app.router.lifespan_context(app),
            http(f"http://{host}:8000", token=None, transport=httpx.ASGITransport(app)) as client,
        ):
            return (await client.get("/api/items", params={"token": "t"})).status_code

    assert await status("192.0.2.1") == 403
    assert await status("[2001:db8::1]") == 403
    assert await status("127.0.0.1") == 200
    assert await status("[::1]") == 200
    assert await status("192.0.2.1", allow_open=True) == 200


async def test_a6_fastapi_dev_prints_no_credential(tmp_path: Path) -> None:
    server = start_fastapi_dev(BACKEND, env={"ALCOVE_DATABASE_URL": f"sqlite:///{tmp_path}/alcove.db"})
    try:
        async with await connect(server, "/items/foo/ws?%74oken=secret-of-the-query") as client:
            await client.send("hello")
            await client.recv()
        server.wait_for_line("/items/foo/ws")
    finally:
        server.end()
    assert "secret-of-the-query" not in server.output
