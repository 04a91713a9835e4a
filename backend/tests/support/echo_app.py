"""Serve WebSockets that echo each message, up to 16 MiB, to test the `wire` package without rooms.

`--carrier` chooses the WebSocket implementation: `detached` (Alcove's own) or `asgi` (that of the ASGI server).
"""

import argparse
from typing import get_args

import uvicorn
from fastapi import FastAPI, WebSocket

from alcove.limits import Budget
from alcove.server.protocols import Carrier, create_protocols, create_wheel, http_limits
from alcove.settings import Settings
from alcove.wire.accept import accept
from alcove.wire.connection import Connection, Frame, text_frame

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
app = FastAPI()


class Echo:
    """A receiver that sends each message back (Receiver)."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def on_text(self, data: str) -> None:
        self.connection.write(text_frame(data))

    def on_binary(self, data: bytes) -> None:
        self.connection.write(Frame(data, binary=True))

    def on_close(self, code: int) -> None: ...


@app.websocket("/{path:path}")
async def echo(websocket: WebSocket) -> None:
    connection = await accept(websocket, max_message=MAX_MESSAGE_BYTES, budget=Budget())
    await connection.run(Echo(connection))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--carrier", choices=get_args(Carrier), default="detached")
    parser.add_argument("--port", type=int, default=9001)
    args = parser.parse_args()
    settings = Settings.load()
    http, ws = create_protocols(args.carrier, http_limits(settings), create_wheel(settings))
    uvicorn.run(app, port=args.port, http=http, ws=ws, ws_max_size=MAX_MESSAGE_BYTES, ws_per_message_deflate=False)
