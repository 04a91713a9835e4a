"""Test that an invalid setting stops the server with one line that says what to do."""

import os
import sys
from pathlib import Path
from typing import get_args

import pytest
from pydantic.fields import FieldInfo

from alcove.errors import SettingsError
from alcove.settings import Settings
from deploy.ports import free_port
from tests.support.room_client import RoomClient
from tests.support.servers import ALCOVE, BIN, ON_ONE_CARRIER, Process, start_alcove, without_problems

BACKEND = Path(__file__).parents[2]
NOT_A_NUMBER_ERROR = "input should be a valid number, unable to parse string as a number"
NOT_FINITE_ERROR = "input should be a finite number"
#: The line that reports a text in ALCOVE_PING_S.
INVALID_PING_LINE = f"alcove: ALCOVE_PING_S='soon': {NOT_A_NUMBER_ERROR}"
#: An invalid value of a setting, and the text that reports it.
INVALID_SETTINGS = [
    ("ALCOVE_PING_S", "soon", NOT_A_NUMBER_ERROR),
    ("ALCOVE_PONG_S", "0", "input should be greater than or equal to 0.01"),
    ("ALCOVE_PONG_S", "1e7", "input should be less than or equal to 3600"),
    ("ALCOVE_PING_S", "inf", NOT_FINITE_ERROR),
    ("ALCOVE_PING_S", "nan", NOT_FINITE_ERROR),
    ("ALCOVE_SENDS_PER_S", "-inf", NOT_FINITE_ERROR),
    ("ALCOVE_RETAIN_DAYS", "inf", NOT_FINITE_ERROR),
    ("ALCOVE_RETAIN_DAYS", "1e300", "input should be less than or equal to 36500"),
    ("ALCOVE_RETAIN_ENTRIES", "0", "input should be greater than or equal to 1"),
    ("ALCOVE_MESSAGE_BYTES", "1", "input should be greater than or equal to 1024"),
    ("ALCOVE_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/33", "got '10.0.0.0/33'"),
    ("ALCOVE_TRUSTED_PROXIES", "256.1.1.1", "got '256.1.1.1'"),
    ("ALCOVE_TRUSTED_PROXIES", "a proxy", "got 'a proxy'"),
    ("ALCOVE_TRUSTED_PROXIES", "http://proxy", "got 'http://proxy'"),
    ("ALCOVE_TRUSTED_PROXIES", "127.0.0.1:8000", "got '127.0.0.1:8000'"),
    ("ALCOVE_TRUSTED_PROXIES", "*,10.0.0.1", "expected `*` alone"),
    ("ALCOVE_TRUSTED_PROXIES", "no-such-host.invalid", "the host 'no-such-host.invalid' has no address"),
    ("ALCOVE_DATABASE_URL", "sqlite:chat.db", "expected sqlite:///relative/path or sqlite:////absolute/path"),
    ("ALCOVE_DATABASE_URL", "sqlite:/chat.db", "expected sqlite:///relative/path"),
    ("ALCOVE_DATABASE_URL", "sqlite://chat.db", "expected sqlite:///relative/path"),
    ("ALCOVE_DATABASE_URL", "sqlite://", "expected sqlite:///relative/path"),
    ("ALCOVE_DATABASE_URL", "sqlite:///", "expected sqlite:///relative/path"),
    ("ALCOVE_DATABASE_URL", "sqlite:///:memory:", "expected a file"),
    ("ALCOVE_DATABASE_URL", "sqlite:///my%20chat.db", "not percent-encoded"),
    ("ALCOVE_DATABASE_URL", "sqlite:///chat.db?mode=ro", "expected a path without parameters"),
    ("ALCOVE_DATABASE_URL", "sqlite:///folder/", "expected a file, not a folder"),
    ("ALCOVE_BUS_URL", "redis:db", "expected an address, such as scheme://host:port/path"),
    ("ALCOVE_BASE_PATH", "/chat/", "expected a path such as /chat"),
    ("ALCOVE_BASE_PATH", "/api", "a path of Alcove itself"),
    ("ALCOVE_ORIGINS", "app.example", "expected an origin"),
    ("ALCOVE_ORIGINS", "https://app.example/", "expected an origin"),
    ("ALCOVE_ORIGINS", "*", "expected an origin"),
]


def field_types(field: FieldInfo) -> tuple[object, ...]:
    """Return the types that a setting may have."""
    return get_args(field.annotation) or (field.annotation,)


def file_names(folder: Path) -> list[str]:
    """Return the names of the files in the folder."""
    return [path.name for path in folder.iterdir()]


def failed_start_lines(cwd: Path, **env: str) -> list[str]:
    """Run `alcove serve`, which must fail; return the lines of its output."""
    process = Process([ALCOVE, "serve", "--port", "0"], cwd=cwd, env=env)
    assert process.wait_for_exit() != 0
    return process.lines


@pytest.mark.parametrize(("name", "value", "reason"), INVALID_SETTINGS)
def test_invalid_setting_is_reported_in_one_line(tmp_path: Path, name: str, value: str, reason: str) -> None:
    (line,) = failed_start_lines(tmp_path, **{name: value})

    assert line.startswith(f"alcove: {name}")
    assert reason in line
    assert file_names(tmp_path) == [], "nothing was created"


def test_invalid_setting_raises_on_import_of_the_application(tmp_path: Path) -> None:
    script = (
        "import alcove.errors\n"
        "try:\n"
        "  import alcove.main\n"
        "except alcove.errors.SettingsError as error:\n"
        "  print('raised:', error)"
    )
    process = Process([sys.executable, "-c", script], cwd=tmp_path, env={"ALCOVE_PONG_S": "0"})

    assert process.wait_for_exit() == 0
    assert process.lines == ["raised: ALCOVE_PONG_S='0': input should be greater than or equal to 0.01"]


def test_invalid_setting_stops_fastapi_with_the_same_line() -> None:
    process = Process([BIN / "fastapi", "run", "--port", str(free_port())], cwd=BACKEND, env={"ALCOVE_PONG_S": "0"})

    assert process.wait_for_exit() != 0
    assert "ALCOVE_PONG_S='0': input should be greater than or equal to 0.01" in process.output


def test_invalid_setting_in_the_env_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ALCOVE_PING_S=soon\n")

    assert failed_start_lines(tmp_path) == [INVALID_PING_LINE]


def test_misspelled_setting_logs_a_warning_at_startup(tmp_path: Path) -> None:
    with without_problems(start_alcove(cwd=tmp_path, env={"ALCOVE_SECERT": "x" * 40})) as server:
        assert "ALCOVE_SECERT is not a setting and is ignored: did you mean ALCOVE_SECRET?" in server.output


def test_env_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfALCOVE_PING_S=soon\n")

    assert failed_start_lines(tmp_path) == [INVALID_PING_LINE]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_env_file_in_another_encoding_is_reported_in_one_line(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_bytes("# año\nALCOVE_PING_S=1\n".encode(encoding))

    assert failed_start_lines(tmp_path) == ["alcove: .env is not UTF-8: save it as UTF-8"]


def test_env_file_that_is_a_folder_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    assert failed_start_lines(tmp_path) == ["alcove: .env cannot be read: Is a directory"]


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_env_file_that_is_a_pipe_or_a_device_is_reported_in_one_line(tmp_path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / ".env")
    else:
        (tmp_path / ".env").symlink_to("/dev/zero")

    assert failed_start_lines(tmp_path) == [f"alcove: .env cannot be read: expected a regular file, got a {kind}"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JWKS", "{pipe}"),
        ("JWKS", "file://{pipe}"),
        ("DATABASE_URL", "sqlite:///{pipe}"),
        ("DATABASE_URL", "postgresql://127.0.0.1/x?sslmode=require&sslrootcert={pipe}"),
        ("BUS_URL", "rediss://127.0.0.1/0?ssl_ca_certs={pipe}"),
    ],
)
def test_setting_that_names_a_pipe_is_reported_in_one_line(tmp_path: Path, name: str, value: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (line,) = failed_start_lines(tmp_path, **{f"ALCOVE_{name}": value.format(pipe=tmp_path / "pipe")})

    assert line.startswith(f"alcove: ALCOVE_{name}=")
    assert line.endswith("expected a regular file, got a pipe")


def test_unreadable_env_file_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The test replaces `os.open`, because root, who may run the suite, can read every file."""
    (tmp_path / ".env").write_text("")
    monkeypatch.chdir(tmp_path)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SettingsError, match=r"^\.env cannot be read: Permission denied$"):
        Settings.load()


@ON_ONE_CARRIER
@pytest.mark.parametrize("name", ["a chat.db", "chat#1.db", "100%.db", "año.db", "chat&co=1.db"])
async def test_database_file_has_the_given_name(carrier: str, tmp_path: Path, name: str) -> None:
    with without_problems(
        start_alcove(carrier=carrier, cwd=tmp_path, env={"ALCOVE_DATABASE_URL": f"sqlite:///{name}"})
    ) as server:
        async with await RoomClient.join(server, "foo") as room:
            await room.send_messages("hello")
        names = file_names(tmp_path)
    assert name in names
    assert [file_name for file_name in names if not file_name.startswith((name, f".{name}"))] == []


NUMERIC_FIELDS = {
    name: field for name, field in Settings.model_fields.items() if {int, float} & set(field_types(field))
}


@pytest.mark.parametrize("name", NUMERIC_FIELDS)
def test_every_numeric_setting_has_a_lower_and_an_upper_bound(name: str) -> None:
    metadata = NUMERIC_FIELDS[name].metadata

    assert [bound for bound in metadata if hasattr(bound, "ge") or hasattr(bound, "gt")], "no lower bound"
    assert [bound for bound in metadata if hasattr(bound, "le") or hasattr(bound, "lt")], "no upper bound"
