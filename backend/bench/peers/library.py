"""Alcove inside a FastAPI application, on uvicorn as it is installed or with the protocol classes of `alcove serve`."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from bench.peers.alcove import Alcove
from bench.peers.base import BACKEND

#: The options of uvicorn with which Alcove uses its own carrier (WebSocket implementation).
_LEAN = ("--http", "alcove.server.websocket:UpgradeHttp", "--ws", "alcove.server.websocket:DetachableWebSocket")


class Library(Alcove):
    """`library_app.py` under uvicorn."""

    dialect = replace(Alcove.dialect, path="/rooms/items/$room/ws?token=m$member&tail=0")

    def __init__(self, *, lean: bool) -> None:
        super().__init__("detached" if lean else "asgi")
        self.name = "library, lean connections" if lean else "library, plain uvicorn"
        self._options = _LEAN if lean else ()

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """Return the command `uvicorn`."""
        uvicorn = Path(sys.executable).parent / "uvicorn"
        app = ("bench.peers.library_app:app", "--app-dir", str(BACKEND))
        return [str(uvicorn), *app, "--port", str(port), *self._options]

    def env(self, folder: Path) -> Mapping[str, str]:
        """Return the path of the log; the other settings are arguments in `library_app.py`."""
        return {"BENCH_LOG": f"{folder}/alcove.db"}
