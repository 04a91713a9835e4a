"""What the bench tells its load generator, and what that answers: lines of JSON between two processes."""

from typing import Literal

from msgspec import Struct


class Dialect(Struct, frozen=True):
    """How a peer is spoken to. `$room`, `$member`, `$id` and `$body` are filled in by the generator."""

    #: Where a member enters a room.
    path: str
    #: The text frame that carries a send.
    send: str
    #: What the peer says when a connection is open; the upgrade itself where empty.
    ready: str = ""
    #: The text frame that a client says right after the upgrade.
    hail: str = ""
    subprotocol: str = ""
    #: What stands before a copy that goes to the sender besides its delivery.
    echo: str = ""
    #: What stands in the answer that a sender gets to each send.
    ack: str = ""


class Plan(Struct, frozen=True):
    """One run: `window` keeps sends in flight, `paced` sends at a rate, `opening` connects, `idle` waits then.

    `flood` keeps sends in flight while others flood the server.
    """

    kind: Literal["window", "paced", "opening", "idle", "flood"]
    port: int
    dialect: Dialect
    rooms: int
    #: Connections of each room; the first of them sends, and reads like the others.
    readers: int
    #: Sends of a room that are on their way; one is until its last reader has it.
    window: int = 1
    #: Sends a second, of all rooms together.
    rate: float = 0
    #: Bytes of a body.
    body_bytes: int = 80
    warm_s: float = 0.5
    seconds: float = 2.0
    #: The processor the generator runs on; None: whichever is free.
    core: int | None = None


class Step(Struct, tag="step", frozen=True):
    """The generator came to a point that the bench waits for; `wait`: it goes on when it reads a line."""

    name: Literal["measuring", "measured", "warm", "open"]
    wait: bool = False


class Result(Struct, tag="result", frozen=True):
    """What came out of a run; each figure counts the measured seconds alone."""

    deliveries_per_s: float = 0
    sends_per_s: float = 0
    opened_per_s: float = 0
    sends: int = 0
    #: Deliveries and acks that were due in the whole run, and never came.
    lost: int = 0
    #: Runs of bytes in which entries were out of order, missing or repeated.
    disordered: int = 0
    p50_ms: float = 0
    p99_ms: float = 0
    max_ms: float = 0
    #: The share of its processor that the generator used: near 1, the figure is the generator's.
    load: float = 0


class Failure(Struct, tag="failure", frozen=True):
    """The run cannot go on."""

    message: str


Answer = Step | Result | Failure
