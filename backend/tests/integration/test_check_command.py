"""Test that `alcove check` explains each problem in one line and changes nothing; test `alcove --version`."""

import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from alcove.check import run_checks
from alcove.settings import Settings
from deploy.ports import free_port
from tests.support.credentials import SECRET
from tests.support.servers import ALCOVE, BIN, Process
from tests.support.webhook_receiver import WEBHOOK_SECRET

CHECK_NAMES = ["settings", "database", "clock", "bus", "descriptors", "page"]


def run_check(cwd: Path, **env: str) -> tuple[int, dict[str, tuple[bool, str]]]:
    """Run `alcove check`; return its exit code, and for each check whether it passed and its text."""
    process = Process([BIN / "alcove", "check"], cwd=cwd, env={"ALCOVE_CONNECTIONS": "100", **env})
    code = process.wait_for_exit()
    matches = [re.fullmatch(r"(ok|FAIL) +(\w+) +(.*)", line) for line in process.lines]
    rows = {row[2]: (row[1] == "ok", row[3]) for row in matches if row}
    assert list(rows) == CHECK_NAMES, process.output
    return code, rows


def test_check_succeeds_in_an_empty_folder_and_creates_no_file(tmp_path: Path) -> None:
    _, rows = run_check(tmp_path)
    page = rows.pop("page")

    assert {passed for passed, _ in rows.values()} == {True}, rows
    assert page[0] or "make build" in page[1]
    assert rows["database"][1].endswith("alcove.db will be created")
    assert list(tmp_path.iterdir()) == []


def test_check_explains_how_to_fix_each_problem(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database" * 100)
    code, rows = run_check(
        tmp_path,
        ALCOVE_DATABASE_URL="sqlite:///broken.db",
        ALCOVE_BUS_URL=f"redis://u:pw@127.0.0.1:{free_port()}",
        ALCOVE_ALLOW_OPEN="true",
        ALCOVE_CONNECTIONS="1000000",
    )

    assert code == 1
    assert not any(rows[name][0] for name in ("settings", "database", "bus"))
    assert "set ALCOVE_SECRET" in rows["settings"][1]
    assert "not a database" in rows["database"][1]
    assert "***@127.0.0.1" in rows["bus"][1]
    assert "pw" not in rows["bus"][1]


def test_check_suggests_the_name_of_a_mistyped_setting(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ALCOVE_DATABSE_URL=sqlite:///other.db\n")
    code, rows = run_check(tmp_path, ALCOVE_SECRET=SECRET)

    assert code == 1
    assert rows["settings"] == (
        False,
        "ALCOVE_DATABSE_URL is not a setting and is ignored: did you mean ALCOVE_DATABASE_URL?",
    )


@pytest.mark.parametrize("secret", [None, "whsec_abc", "plain"])
def test_check_reports_the_same_webhook_error_as_serve(tmp_path: Path, secret: str | None) -> None:
    env = {"ALCOVE_WEBHOOK_URL": "http://127.0.0.1:1/"} | ({} if secret is None else {"ALCOVE_WEBHOOK_SECRET": secret})
    server = Process([ALCOVE, "serve", "--port", "0"], cwd=tmp_path, env=env)
    assert server.wait_for_exit() == 1
    code, rows = run_check(tmp_path, **env)

    assert code == 1
    assert server.lines == [f"alcove: {rows['settings'][1]}"]
    assert "ALCOVE_WEBHOOK_SECRET" in rows["settings"][1]


async def test_check_reports_that_a_webhook_requires_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(webhook_url="http://127.0.0.1:1/", webhook_secret=SecretStr(WEBHOOK_SECRET))
    findings = {finding.name: finding async for finding in run_checks(settings)}
    assert findings["settings"].ok, findings
    monkeypatch.setitem(sys.modules, "httpx", None)
    findings = {finding.name: finding async for finding in run_checks(settings)}

    assert findings["settings"][1:] == (
        False,
        "ALCOVE_WEBHOOK_URL needs httpx, which is not installed: install alcove-rooms[webhooks]",
    )


@pytest.mark.parametrize("url", ["alcove.db", "mysql://u:pw@127.0.0.1/shop", "postgresql+asyncpg://127.0.0.1/shop"])
def test_check_reports_the_same_database_url_error_as_serve(tmp_path: Path, url: str) -> None:
    server = Process([ALCOVE, "serve", "--port", "0"], cwd=tmp_path, env={"ALCOVE_DATABASE_URL": url})
    assert server.wait_for_exit() == 1
    _, rows = run_check(tmp_path, ALCOVE_DATABASE_URL=url)

    assert server.lines == [f"alcove: {rows['database'][1]}"]
    assert rows["database"] == rows["clock"]
    assert rows["database"][1].endswith(": expected sqlite:///path or postgresql://host/database")
    assert "pw" not in rows["database"][1]


def test_check_refuses_a_database_of_another_program(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.executescript("CREATE TABLE orders (id INTEGER)")
    _, rows = run_check(tmp_path, ALCOVE_DATABASE_URL="sqlite:///shop.db")

    assert rows["database"] == (
        False,
        "shop.db is a database of another program; give ALCOVE_DATABASE_URL another path",
    )


@pytest.mark.parametrize("bus", ["postgres", "redis"])
def test_check_succeeds_if_database_and_bus_respond(
    tmp_path: Path, postgres_url: str, redis_url: str, bus: str
) -> None:
    _, rows = run_check(
        tmp_path,
        ALCOVE_DATABASE_URL=postgres_url,
        ALCOVE_BUS_URL=postgres_url if bus == "postgres" else redis_url,
        ALCOVE_SECRET=SECRET,
    )

    assert [rows[name][0] for name in ("settings", "database", "clock", "bus")] == [True] * 4, rows
    assert re.search(r"differs by [+-]0\.\d\d s", rows["clock"][1])


def test_version_option_prints_the_version(tmp_path: Path) -> None:
    process = Process([BIN / "alcove", "--version"], cwd=tmp_path)

    assert process.wait_for_exit() == 0
    assert re.fullmatch(r"alcove \d+\.\d+\.\d+", process.output)
