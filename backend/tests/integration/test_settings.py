"""A wrong setting stops the server with one line that says what to do."""

from pathlib import Path

import pytest

from deploy.ports import free_port
from tests.integration.servers import BIN, Process

BACKEND = Path(__file__).parents[2]
NO_NUMBER = "alcove: ALCOVE_PING_S='soon': input should be a valid number, unable to parse string as a number"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("ALCOVE_PING_S", "soon", NO_NUMBER),
        ("ALCOVE_PONG_S", "0", "alcove: ALCOVE_PONG_S='0': input should be greater than 0"),
        (
            "ALCOVE_MESSAGE_BYTES",
            "1",
            "alcove: ALCOVE_MESSAGE_BYTES='1': input should be greater than or equal to 1024",
        ),
    ],
)
def test_a_wrong_setting_is_one_clear_line(tmp_path: Path, name: str, value: str, line: str) -> None:
    process = Process([BIN / "alcove", "serve", "--port", "0"], cwd=tmp_path, env={name: value})

    assert process.exit_code() != 0
    assert [line] == process.lines


def test_a_wrong_setting_stops_fastapi_with_the_same_line() -> None:
    process = Process([BIN / "fastapi", "run", "--port", str(free_port())], cwd=BACKEND, env={"ALCOVE_PONG_S": "0"})

    assert process.exit_code() != 0
    assert "alcove: ALCOVE_PONG_S='0': input should be greater than 0" == process.lines[-1]
    assert "Traceback" not in process.output


def test_a_wrong_setting_in_the_env_file_is_found_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ALCOVE_PING_S=soon\n")
    process = Process([BIN / "alcove", "serve", "--port", "0"], cwd=tmp_path)

    assert process.exit_code() != 0
    assert [NO_NUMBER] == process.lines
