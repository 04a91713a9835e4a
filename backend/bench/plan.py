"""The messages between the bench and its load generator, as lines of JSON between two processes."""

from typing import Literal

from msgspec import Struct


class Dialect(Struct, frozen=True):
    """The protocol of a server. The generator replaces `$room`, `$member`, `$id` and `$body`."""

    #: The path of a room's WebSocket.
    path: str
    #: The text frame that carries a send.
    send: str
    #: A part of the first message of the server, which opens the connection; empty: the upgrade opens it.
    ready: str = ""
    #: The text frame that a client sends after the upgrade; empty: none.
    greeting: str = ""
    subprotocol: str = ""
    #: The prefix of a copy that the sender gets in addition to its delivery.
    echo: str = ""
    #: A part of the ack that the sender gets for each send.
    ack: str = ""


class Plan(Struct, frozen=True):
    """One run of the generator.

    The kind `window` keeps sends in flight, `paced` sends at a rate, `opening` opens connections, `idle` keeps them
    open, and `flood` keeps sends in flight while another process floods the server.
    """

    kind: Literal["window", "paced", "opening", "idle", "flood"]
    port: int
    dialect: Dialect
    rooms: int
    #: Connections of each room, all of which read; the first also sends.
    readers: int
    #: Sends in flight in each room; a send is in flight until its last reader has it.
    window: int = 1
    #: Sends a second in all rooms together.
    rate: float = 0
    #: The kind of frame that all five floods send (a name in `flood.FLOODS`); empty: each sends another kind.
    flood: str = ""
    #: Size of a body in bytes.
    body_bytes: int = 80
    warm_s: float = 0.5
    seconds: float = 2.0
    #: The processor that the generator runs on; None: the system chooses.
    core: int | None = None


class Step(Struct, tag="step", frozen=True):
    """A step that the generator has reached; with `wait`, it continues when it reads a line."""

    name: Literal["measuring", "measured", "warm", "open"]
    wait: bool = False


class Result(Struct, tag="result", frozen=True):
    """The result of a run. Figures cover the measured seconds only."""

    deliveries_per_s: float = 0
    sends_per_s: float = 0
    opened_per_s: float = 0
    sends: int = 0
    #: Deliveries and acks of the whole run that never arrived.
    lost: int = 0
    #: Reads in which entries were out of order, missing or repeated.
    disordered: int = 0
    p50_ms: float = 0
    p99_ms: float = 0
    max_ms: float = 0
    #: The share of its processor that the generator used. Near 1, the generator limits the figures.
    load: float = 0


class Failure(Struct, tag="failure", frozen=True):
    """The reason why a run cannot continue."""

    message: str


Answer = Step | Result | Failure
