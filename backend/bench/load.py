"""The load generator: `python -m bench.load` reads a Plan from its input and carries it out on raw sockets."""

import gc
import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec

from bench.opening import OpeningError, open_all
from bench.plan import Answer, Failure, Plan, Result, Step
from bench.rooms import Arrivals, Reader, Room

#: Seconds that what is on its way has to arrive after the last send.
_DRAIN_S = 10.0
#: Connections that are there before the memory of idle ones is measured.
_WARM_CONNECTIONS = 100


def say(answer: Answer) -> None:
    """Tell the bench."""
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()
    if isinstance(answer, Step) and answer.wait:
        sys.stdin.readline()


class Load:
    """The rooms of a plan, full, and the loop that keeps them busy."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rooms = [Room(number, plan) for number in range(plan.rooms)]
        self.epoll = select.epoll()
        self.readers: dict[int, Reader] = {}
        seats = ((room, room * plan.readers + place) for room in range(plan.rooms) for place in range(plan.readers))
        for number, sock in open_all(plan, seats):
            room = self.rooms[number]
            reader = Reader(sock, room)
            room.take(reader)
            self.readers[sock.fileno()] = reader
            self.epoll.register(sock, select.EPOLLIN)
        self.arrivals = Arrivals(plan, timed=plan.kind in {"paced", "flood"})

    @property
    def delivered(self) -> int:
        """Deliveries so far."""
        return sum(room.delivered for room in self.rooms)

    def turn(self, wait_s: float) -> list[Room]:
        """Read what came; return the rooms whose last reader got something."""
        read, readers = self.arrivals.read, self.readers
        for fd, _ in self.epoll.poll(wait_s):
            read(readers[fd])
        arrived, self.arrivals.arrived = self.arrivals.arrived, []
        return arrived

    def windows(self, seconds: float) -> None:
        """Keep the plan's number of sends in flight in every room."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for room in self.turn(0.1):
                room.top_up()
            self.push()

    def pace(self, seconds: float) -> None:
        """Send at the plan's rate, room by room; a late send counts from when it was due."""
        start = time.monotonic()
        sent = 0
        while (now := time.monotonic() - start) < seconds:
            while (due := sent / self.plan.rate) <= now:
                self.rooms[sent % len(self.rooms)].send(1, int((start + due) * 1e6))
                sent += 1
            # A wait is as coarse as a millisecond: where the processor is the generator's own, it looks all the time.
            self.turn(0.001 if self.plan.core is None else 0)

    def push(self) -> None:
        """Offer again what sockets did not take."""
        for room in self.rooms:
            if room.unsent:
                room.send(0)

    def drain(self) -> None:
        """Let everything arrive that was sent; what does not come in time is lost."""
        end = time.monotonic() + _DRAIN_S
        while time.monotonic() < end and self.missing():
            self.turn(0.1)
            self.push()

    def missing(self) -> int:
        """Deliveries and acks that have not arrived."""
        acked = bool(self.plan.dialect.ack)
        return sum(
            room.sent * len(room.readers) - room.delivered + acked * (room.sent - room.acks) for room in self.rooms
        )


def busy(plan: Plan) -> Result:
    """Fill the rooms, warm up, measure."""
    load = Load(plan)
    gc.collect()
    gc.freeze()
    gc.disable()
    run = load.pace if plan.kind == "paced" else load.windows
    if plan.kind != "paced":
        for room in load.rooms:
            room.send(plan.window)
    run(plan.warm_s)
    if load.arrivals.latencies is not None:
        load.arrivals.latencies.clear()
    say(Step("measuring"))
    delivered, sent = load.delivered, sum(room.sent for room in load.rooms)
    start, used = time.monotonic(), time.process_time()
    run(plan.seconds)
    took, used = time.monotonic() - start, time.process_time() - used
    delivered, sends = load.delivered - delivered, sum(room.sent for room in load.rooms) - sent
    say(Step("measured"))
    load.drain()
    cuts = [0.0] * 99
    if load.arrivals.latencies is not None and len(load.arrivals.latencies) > 1:
        cuts = statistics.quantiles(load.arrivals.latencies, n=100)
    return Result(
        deliveries_per_s=delivered / took,
        sends_per_s=delivered / plan.readers / took,
        sends=sends,
        lost=load.missing(),
        disordered=load.arrivals.disordered,
        p50_ms=cuts[49],
        p99_ms=cuts[98],
        max_ms=max(load.arrivals.latencies or [0.0]),
        load=used / took,
    )


def flooded(plan: Plan) -> Result:
    """Measure round trips while others flood the server."""
    with subprocess.Popen([sys.executable, "-m", "bench.flood"], stdin=subprocess.PIPE, text=True) as others:
        try:
            assert others.stdin is not None
            others.stdin.write(msgspec.json.encode(plan).decode() + "\n")
            others.stdin.flush()
            return busy(plan)
        finally:
            others.kill()


def _seats(plan: Plan, start: int, end: int) -> Iterator[tuple[int, int]]:
    return ((member % plan.rooms, member) for member in range(start, end))


def opening(plan: Plan) -> Result:
    """Open all connections as fast as the server lets them in."""
    warm = open_all(plan, _seats(plan, 0, _WARM_CONNECTIONS))
    count = plan.rooms * plan.readers
    say(Step("measuring"))
    start, used = time.monotonic(), time.process_time()
    there = open_all(plan, _seats(plan, _WARM_CONNECTIONS, _WARM_CONNECTIONS + count))
    took, used = time.monotonic() - start, time.process_time() - used
    say(Step("measured"))
    for _, sock in warm + there:
        sock.close()
    return Result(opened_per_s=count / took, load=used / took)


def idle(plan: Plan) -> Result:
    """Open a few connections, then all others; the bench looks at the server's memory before and after."""
    warm = open_all(plan, _seats(plan, 0, _WARM_CONNECTIONS))
    say(Step("warm", wait=True))
    count = plan.rooms * plan.readers
    there = open_all(plan, _seats(plan, _WARM_CONNECTIONS, _WARM_CONNECTIONS + count))
    say(Step("open", wait=True))
    for _, sock in warm + there:
        sock.close()
    return Result()


def main() -> None:
    """Carry out the plan on the first line of the input; print what comes out."""
    plan = msgspec.json.decode(sys.stdin.readline(), type=Plan)
    if plan.core is not None:
        os.sched_setaffinity(0, {plan.core})
    try:
        kinds = {"window": busy, "paced": busy, "opening": opening, "idle": idle, "flood": flooded}
        say(kinds[plan.kind](plan))
    except (OpeningError, ConnectionError) as error:
        say(Failure(f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
