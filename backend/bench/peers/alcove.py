"""The peer Alcove, which syncs every entry to SQLite before it is delivered."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from alcove.version import VERSION
from bench.plan import Dialect

#: The WebSocket implementation: `detached` is the default of `alcove serve`, `asgi` that of the ASGI server.
Carrier = Literal["detached", "asgi"]


class Alcove:
    """The server on one of its carriers, with default settings except for the limits that a benchmark exceeds."""

    durable = True
    has_rooms = True
    dialect = Dialect(
        path="/items/$room/ws?token=bench&tail=0&name=m$member",
        subprotocol="alcove.v1",
        ready='"type":"hello"',
        send='{"type":"send","id":"$id","body":"$body"}',
        ack='"type":"ack"',
    )

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.name = f"alcove-{carrier}"

    def prepare(self) -> str:
        """Return the versions; everything is installed in this environment."""
        return f"{VERSION}, uvicorn {version('uvicorn')}"

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """Return the command `alcove serve`."""
        return [str(Path(sys.executable).parent / "alcove"), "serve", "--port", str(port)]

    def env(self, folder: Path) -> Mapping[str, str]:
        """Return the carrier, the path of the log and high limits."""
        return {
            "ALCOVE_CARRIER": self.carrier,
            "ALCOVE_DATABASE_URL": f"sqlite:///{folder}/alcove.db",
            "ALCOVE_SENDS_PER_S": "0",
            "ALCOVE_HANDSHAKES_PER_S": "0",
            "ALCOVE_MEMBER_CONNECTIONS": "100000",
            "ALCOVE_CONNECTIONS": "100000",
        }
