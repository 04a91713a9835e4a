"""Run the deployment's nginx in front of real or fake server processes."""

import asyncio
import platform
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.nginx import command, configured
from deploy.ports import free_port
from tests.support.servers import Address, Process, wait_until_listening
from tests.support.snippets import snippet

GUIDE = Path(__file__).parents[2] / "docs/integrating.md"
needs_nginx = pytest.mark.skipif(
    sys.platform != "linux" and platform.machine() != "arm64", reason="its package has no nginx for this platform"
)


class Nginx(Process, Address):
    """A running nginx in front of processes; it listens when the constructor returns."""

    def __init__(self, folder: Path, process_ports: Sequence[int]) -> None:
        port = free_port()
        Process.__init__(self, command(folder, configured(folder, port, process_ports)))
        Address.__init__(self, port)
        wait_until_listening(port)


class DocumentedNginx(Process, Address):
    """A running nginx with a configuration from the guide for applications, in front of one server."""

    def __init__(self, folder: Path, server: Address, *, path: str, strips: bool) -> None:
        """Start nginx with the server below a path.

        Args:
            folder: The folder for its files.
            server: The server to proxy to.
            path: The path at which the server appears.
            strips: Whether nginx removes the path before it forwards a request.

        """
        port = free_port()
        Process.__init__(
            self, command(folder, write_documented_config(folder, "below-a-path.conf", port, server, strips=strips))
        )
        Address.__init__(self, port)
        self.url += path
        self.ws += path
        wait_until_listening(port)


def write_documented_config(folder: Path, name: str, port: int, server: Address, *, strips: bool = False) -> Path:
    """Write a configuration of the guide, adapted to this machine, into a folder, and return its path."""
    site = snippet(name, GUIDE).replace("listen 80;", f"listen 127.0.0.1:{port};")
    site = site.replace("http://127.0.0.1:8000;", f"http://127.0.0.1:{server.port}{'/' if strips else ''};")
    paths = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}\n{site}}}\n"
    )
    return configuration


class Upstream:
    """A fake server process that records the head of each request, and answers it or disconnects."""

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
    async def run(cls, *, answers: bool = True) -> AsyncIterator["Upstream"]:
        """Serve on a free port while the block runs."""
        upstream = cls(0, answers=answers)
        server = await asyncio.start_server(upstream._serve, "127.0.0.1", 0)
        upstream.port = server.sockets[0].getsockname()[1]
        async with server:
            yield upstream
