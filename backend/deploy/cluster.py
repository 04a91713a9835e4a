"""Run the profile `cluster` of docker-compose.yml on this machine without Docker: `python -m deploy.cluster`.

Starts three processes on PostgreSQL and Redis behind nginx with the same configuration. Engines and nginx come from
Python packages, and their data is deleted when the command ends. SIGHUP restarts the processes one after the other, as
a rolling deployment does.
"""

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import IO
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from deploy import nginx
from deploy.engines import Engine, Postgres, Redis
from deploy.ports import free_port

_ALCOVE = Path(sys.executable).with_name("alcove")
#: The number of processes in nginx.conf.
_PROCESSES = 3
#: Seconds that a process may take to start, and to stop after its drain time.
_TIMEOUT_S = 30.0
#: Seconds over which clients of a stopped process reconnect; the default is that of the server.
_DRAIN_S = float(os.environ.get("ALCOVE_DRAIN_S", "5"))

_http = build_opener(ProxyHandler({}))


class ClusterProcess:
    """A command of the cluster, with the same port after each restart."""

    def __init__(
        self, name: str, command: list[str], port: int, env: Mapping[str, str], output: IO[bytes] | None = None
    ) -> None:
        self.name = name
        self.port = port
        self._command = command
        self._env = {**os.environ, **env}
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the command."""
        # In a separate process group, so that Ctrl-C reaches only the cluster, which stops its processes in order.
        self._process = subprocess.Popen(
            self._command, env=self._env, stdout=self._output, stderr=self._output, start_new_session=True
        )

    def wait_ready(self, path: str) -> None:
        """Wait until the process answers a request of `path` with 200.

        Raises:
            RuntimeError: It ended, or did not answer in time.

        """
        deadline = time.monotonic() + _TIMEOUT_S
        while not self._answers(path):
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start")
            time.sleep(0.05)

    def end(self) -> None:
        """Stop the process by SIGTERM, and kill it after a timeout."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_TIMEOUT_S)
            self._process = None
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self, path: str) -> bool:
        try:
            with _http.open(f"http://127.0.0.1:{self.port}{path}", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


class Cluster:
    """Server processes on shared engines, and the proxy in front of them."""

    def __init__(self, postgres: Engine, redis: Engine, *, port: int, folder: Path) -> None:
        shared = {"ALCOVE_DATABASE_URL": postgres.url, "ALCOVE_BUS_URL": redis.url}
        ports = [free_port() for _ in range(_PROCESSES)]
        self.processes = [
            ClusterProcess(f"process {n}", [str(_ALCOVE), "serve", "--port", str(own)], own, shared)
            for n, own in enumerate(ports, 1)
        ]
        self.proxy = ClusterProcess("nginx", nginx.command(folder, nginx.configured(folder, port, ports)), port, {})

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run processes and proxy during the block; stop the proxy first."""
        with ExitStack() as exit_stack:
            for process in self.processes:
                exit_stack.callback(process.end)
                process.start()
            for process in self.processes:
                process.wait_ready("/readyz")
            exit_stack.callback(self.proxy.end)
            self.proxy.start()
            self.proxy.wait_ready("/healthz")
            yield

    def roll(self) -> None:
        """Restart the processes one after the other, each after the clients of the previous one have reconnected."""
        for process in self.processes:
            process.end()
            process.start()
            process.wait_ready("/readyz")
            time.sleep(_DRAIN_S)


def main() -> int:
    """Run the cluster until a signal stops it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.cluster", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="port of the proxy; 0: a free port (%(default)s)")
    arguments = parser.parse_args()
    if not nginx.NGINX.exists():
        parser.error("nginx has no package for this platform: docker compose --profile cluster does the same")
    signals: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: signals.put(number))
    with ExitStack() as running:
        postgres = running.enter_context(Postgres())
        redis = running.enter_context(Redis(secrets.token_hex(8)))
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        cluster = Cluster(postgres, redis, port=arguments.port or free_port(), folder=folder)
        running.enter_context(cluster.running())
        print(f"{_PROCESSES} processes behind http://127.0.0.1:{cluster.proxy.port}", flush=True)
        print(f"Ctrl-C ends them; kill -HUP {os.getpid()} restarts them one after the other", flush=True)
        while signals.get() == signal.SIGHUP:
            cluster.roll()
            print("every process is restarted", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
