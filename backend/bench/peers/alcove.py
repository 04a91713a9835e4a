"""Ours: every entry is synced to SQLite before anyone sees it."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from bench.plan import Dialect

#: `detached` is the default of `alcove serve`; `asgi` is what the application gets from any ASGI server.
Carrier = Literal["detached", "asgi"]


class Alcove:
    """The server on one of its carriers, with its settings as they are but for the limits that a bench must exceed."""

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
        """Return the version; this environment has everything."""
        return f"{version('alcove')}, uvicorn {version('uvicorn')}"

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """`alcove serve`."""
        return [str(Path(sys.executable).parent / "alcove"), "serve", "--port", str(port)]

    def env(self, folder: Path) -> Mapping[str, str]:
        """Choose the carrier; lift the limits of one sender and of one process."""
        return {
            "ALCOVE_CARRIER": self.carrier,
            "ALCOVE_DATABASE_URL": f"sqlite:///{folder}/alcove.db",
            "ALCOVE_SENDS_PER_S": "0",
            "ALCOVE_HANDSHAKES_PER_S": "0",
            "ALCOVE_MEMBER_CONNECTIONS": "100000",
            "ALCOVE_CONNECTIONS": "100000",
        }
