"""A raw echo server on either carrier: text to text, binary to binary, up to 16 MiB. The wire knows no rooms."""

import argparse

import uvicorn
from fastapi import FastAPI, WebSocket

from alcove.wire.accept import accept
from alcove.wire.connection import Connection, Frame, text_frame
from bench.carriers import CARRIERS

MESSAGE_BYTES, app = 16 * 1024 * 1024, FastAPI()


class Echo:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def text(self, data: str) -> None:
        self.connection.write(text_frame(data))

    def binary(self, data: bytes) -> None:
        self.connection.write(Frame(data, binary=True))

    def closed(self, code: int) -> None: ...


@app.websocket("/{path:path}")
async def echo(websocket: WebSocket) -> None:
    connection = await accept(websocket, max_message=MESSAGE_BYTES)
    await connection.run(Echo(connection))


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--carrier", choices=CARRIERS, default="detached")
    options.add_argument("--port", type=int, default=9001)
    asked = options.parse_args()
    http, ws = CARRIERS[asked.carrier]
    uvicorn.run(app, port=asked.port, http=http, ws=ws, ws_max_size=MESSAGE_BYTES, ws_per_message_deflate=False)
