"""Test that the installed distribution serves everything and runs the host examples, without a clone."""

import email
import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from alcove.version import VERSION
from tests.support.collector import run_collector
from tests.support.deployment_files import ROOT
from tests.support.fresh_environment import FreshEnvironment
from tests.support.servers import Server

BACKEND = ROOT / "backend"
EXAMPLES = BACKEND / "examples"
#: Requirements of the host examples in addition to Alcove.
HOST_REQUIREMENTS = ("sqlmodel", "itsdangerous", "flask")


def build(folder: Path, *options: str, cwd: Path = BACKEND) -> list[Path]:
    """Build distributions into a folder, as `make dist` does."""
    assert (ROOT / "frontend/app/dist/index.html").is_file(), "the page is not built: run `make build` first"
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *options]
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)  # noqa: S603 - the project's own
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build the wheel and the source distribution, and return their paths."""
    wheel, source = build(tmp_path_factory.mktemp("dist"))
    return wheel, source


@pytest.fixture(scope="module")
def environment(distributions: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> FreshEnvironment:
    """Create an environment with the wheel, and the requirements of it and of the host examples."""
    fresh_environment = FreshEnvironment(tmp_path_factory.mktemp("fresh environment"))
    with zipfile.ZipFile(distributions[0]) as wheel:
        (metadata,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        required = email.message_from_bytes(wheel.read(metadata)).get_all("Requires-Dist") or []
        extras = email.message_from_bytes(wheel.read(metadata)).get_all("Provides-Extra") or []
    fresh_environment.link([*(re.sub(r" ?; extra == .*", "", line) for line in required), *HOST_REQUIREMENTS])
    assert "telemetry" in extras
    fresh_environment.install(f"{distributions[0]}[{','.join(extras)}]")
    return fresh_environment


def start(
    environment: FreshEnvironment,
    folder: Path,
    *command: str,
    settings: Mapping[str, str] | None = None,
    **options: str,
) -> Server:
    """Start a server in a folder, with nothing but the environment: no Node and no clone."""
    folder.mkdir(exist_ok=True)
    (folder / "bin").mkdir(exist_ok=True)
    env = {"PATH": str(environment.folder / "bin"), "PYTHONPATH": "", **(settings or {})}
    return Server([environment.folder / "bin" / command[0], *command[1:]], cwd=folder, env=env, forked=False, **options)


def get(server: Server, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a response, without decompressing the body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@pytest.fixture
def running_server(environment: FreshEnvironment, tmp_path: Path) -> Iterator[Server]:
    server = start(environment, tmp_path / "empty", "alcove", "serve", "--port", "0")
    yield server
    server.end(signal.SIGTERM)


def test_installed_wheel_serves_page_embed_script_and_compressed_files(
    environment: FreshEnvironment, running_server: Server
) -> None:
    module_path = environment.output("-c", "import alcove; print(alcove.__file__)").strip()
    assert Path(module_path).is_relative_to(environment.libraries)

    status, _, page = get(running_server, "/", Accept="text/html")
    assert (status, page.startswith(b"<!DOCTYPE html>"), b"not built" in page) == (200, True, False)
    script = re.findall(rb' src="(/assets/[^"]+\.js)"', page)[0]
    for path, kind in (
        ("/embed/order-7", "text/html"),
        ("/embed.js", "text/javascript"),
        (script.decode(), "text/javascript"),
        ("/openapi.json", "application/json"),
    ):
        status, headers, body = get(running_server, path, Accept="text/html")
        assert (status, headers["content-type"].split(";")[0], bool(body)) == (200, kind, True), path
    for coding in ("br", "gzip"):
        _, headers, body = get(running_server, script.decode(), Accept_Encoding=coding)
        assert (headers["content-encoding"], headers["content-length"]) == (coding, str(len(body)))
    status, _, body = get(running_server, "/api/items/order-7/entries", Authorization="Bearer ada")
    assert (status, json.loads(body)["head"]) == (200, 0)


def test_installed_command_prints_its_version_and_passes_its_checks(
    environment: FreshEnvironment, tmp_path: Path
) -> None:
    command = (environment.folder / "bin" / "alcove").as_posix()
    assert environment.output(command, "--version") == f"alcove {VERSION}\n"
    result = subprocess.run(  # noqa: S603 - the project's own
        [command, "check"],
        cwd=tmp_path,
        env={"PATH": "", "ALCOVE_CONNECTIONS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, "FAIL" in result.stdout) == (0, False), result.stdout + result.stderr


def test_installed_wheel_with_its_extras_exports_traces(environment: FreshEnvironment, tmp_path: Path) -> None:
    with run_collector() as (url, collector):
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": url}
        server = start(environment, tmp_path / "traced", "alcove", "serve", "--port", "0", settings=settings)
        assert get(server, "/api/items/order-7/entries", Authorization="Bearer ada")[0] == 200
        server.end(signal.SIGTERM)

    assert [span.name for span in collector.spans][-1] == "GET /api/items/{item_id}/entries"


def test_installed_wheel_runs_the_fastapi_example(environment: FreshEnvironment, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "fastapi_shop/main.py", tmp_path)
    shop = start(environment, tmp_path, "python", "-m", "uvicorn", "main:app", "--port", "0")
    try:
        assert get(shop, "/rooms/embed.js")[0] == 200
        status, _, body = get(shop, "/rooms/api/items/order-1/entries")
        assert (status, json.loads(body)["code"]) == (401, "unauthenticated")
    finally:
        shop.end(signal.SIGTERM)


def test_flask_example_runs_with_the_requirements_of_the_wheel(environment: FreshEnvironment, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "flask_shop", tmp_path, dirs_exist_ok=True)
    flask = ("python", "-m", "flask", "--app", "shop", "run", "--port", "0")
    shop = start(environment, tmp_path, *flask, ready=r"Running on http://127\.0\.0\.1:(?P<port>\d+)")
    try:
        assert b"<alcove-room" in get(shop, "/")[2]
        assert json.loads(get(shop, "/alcove-token")[2]) == {"token": None}
    finally:
        shop.end(signal.SIGTERM)


def test_source_distribution_builds_the_same_wheel_without_frontend(
    distributions: tuple[Path, Path], tmp_path: Path
) -> None:
    with tarfile.open(distributions[1]) as source:
        source.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    (rebuilt,) = build(tmp_path / "dist", "-t", "wheel", cwd=unpacked)

    with zipfile.ZipFile(distributions[0]) as first, zipfile.ZipFile(rebuilt) as second:
        assert sorted(first.namelist()) == sorted(second.namelist())
        assert {"alcove/py.typed", "alcove/page/embed.html.br"} <= set(first.namelist())
        assert not [name for name in first.namelist() if "__pycache__" in name or ".db" in name]
