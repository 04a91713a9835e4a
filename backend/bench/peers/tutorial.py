"""The peer with the pattern of FastAPI's WebSocket tutorial, a list of connections and a loop that sends to each."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from bench.peers.base import BACKEND
from bench.plan import Dialect


class Tutorial:
    """`tutorial_app.py` under uvicorn with its defaults."""

    name = "tutorial"
    durable = False
    has_rooms = False
    dialect = Dialect(path="/ws/$member", send="$body", echo="You wrote: ")

    def prepare(self) -> str:
        """Return the versions; everything is installed in this environment."""
        return f"FastAPI {version('fastapi')}, uvicorn {version('uvicorn')}"

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """Return the command that serves the tutorial's application."""
        uvicorn = Path(sys.executable).parent / "uvicorn"
        return [str(uvicorn), "bench.peers.tutorial_app:app", "--app-dir", str(BACKEND), "--port", str(port)]

    def env(self, folder: Path) -> Mapping[str, str]:
        """Return no variables."""
        return {}
