"""The peer Socket.IO with the WebSocket transport only, used with raw Engine.IO 4 frames."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.peers.base import UnavailableError
from bench.plan import Dialect

_HERE = Path(__file__).parent
_PACKAGE = _HERE / "node_modules" / "socket.io" / "package.json"


class SocketIo:
    """`socketio.mjs` under Node."""

    name = "socket.io"
    durable = False
    has_rooms = True
    dialect = Dialect(
        path="/socket.io/?EIO=4&transport=websocket&room=$room",
        greeting="40",
        ready='40{"sid"',
        send='42["send","$body"]',
    )

    def prepare(self) -> str:
        """Install Socket.IO from its lock file, and return the versions. Raises UnavailableError."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise UnavailableError("node and npm are not installed")
        locked = json.loads((_HERE / "package-lock.json").read_text())["packages"]["node_modules/socket.io"]["version"]
        if not _PACKAGE.is_file() or json.loads(_PACKAGE.read_text())["version"] != locked:
            result = subprocess.run(  # noqa: S603 - npm, with arguments of our own
                [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=_HERE,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if result.returncode:
                raise UnavailableError(f"npm ci failed: {result.stderr.strip()[-200:]}")
        version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - the same
        return f"{locked}, Node {version.stdout.strip().removeprefix('v')}"

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """Return the command that serves rooms."""
        return ["node", str(_HERE / "socketio.mjs"), str(port)]

    def env(self, folder: Path) -> Mapping[str, str]:
        """Return the variable of Node's production mode."""
        return {"NODE_ENV": "production"}
