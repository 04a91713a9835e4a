"""Fill a room's log fast, over one socket, with as many sends in a frame as a server accepts."""

import json
from uuid import uuid4

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.clients import TIMEOUT_S
from tests.support.servers import Server

#: Settings of the server that is filled: no rate limit.
UNLIMITED = {"ALCOVE_SENDS_PER_S": "0"}
SENDS_PER_FRAME = 1000


def member(server: Server, item: str, name: str) -> ClientConnection:
    """Open a socket to the room."""
    where = f"{server.ws}/items/{item}/ws?token=some-key-token&tail=0&name={name}"
    return connect(where, subprotocols=[Subprotocol("alcove.v1")], proxy=None, max_size=None)


def send(bodies: list[str]) -> str:
    """Encode these sends as one frame."""
    run = uuid4().hex
    return "\n".join(json.dumps({"type": "send", "id": f"{run}-{n}", "body": body}) for n, body in enumerate(bodies))


def fill(server: Server, item: str, count: int) -> None:
    """Send `line 0` to `line {count - 1}`; return when all are stored."""
    with member(server, item, "Shop") as socket:
        for start in range(0, count, SENDS_PER_FRAME):
            bodies = [f"line {n}" for n in range(start, min(start + SENDS_PER_FRAME, count))]
            socket.send(send(bodies))
            missing = len(bodies)
            while missing:
                missing -= str(socket.recv(timeout=TIMEOUT_S)).count('"type":"ack"')


def take_turns(server: Server, item: str, each: int) -> None:
    """Let two members send 40 lines in total, `each` at a time."""
    with member(server, item, "Ada") as ada, member(server, item, "Bob") as bob:
        for turn in range(40 // each):
            speaker = (ada, bob)[turn % 2]
            speaker.send(send([f"line {turn * each + n}" for n in range(each)]))
            acks = 0
            while acks < each:
                acks += str(speaker.recv(timeout=TIMEOUT_S)).count('"type":"ack"')
