"""Generate load: `python -m bench.load` reads a Plan from stdin and executes it on raw sockets."""

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
from bench.rooms import DeliveryChecker, Reader, Room

#: Seconds that deliveries have to arrive after the last send.
_DRAIN_S = 10.0
#: Connections to open before the measurement, so that it excludes the server's initialization.
_WARM_CONNECTIONS = 100


def report(answer: Answer) -> None:
    """Write an answer to the bench, and wait for a line of it if the answer is a step with `wait`."""
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    sys.stdout.flush()
    if isinstance(answer, Step) and answer.wait:
        sys.stdin.readline()


class Load:
    """The rooms of a plan with their connections, and the loops that send and read."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rooms = [Room(number, plan) for number in range(plan.rooms)]
        self.epoll = select.epoll()
        self.readers: dict[int, Reader] = {}
        members = ((room, room * plan.readers + index) for room in range(plan.rooms) for index in range(plan.readers))
        for number, sock in open_all(plan, members):
            room = self.rooms[number]
            reader = Reader(sock, room)
            room.add(reader)
            self.readers[sock.fileno()] = reader
            self.epoll.register(sock, select.EPOLLIN)
        self.checker = DeliveryChecker(plan, timed=plan.kind in {"paced", "flood"})

    @property
    def delivered(self) -> int:
        """The number of deliveries so far, in all rooms."""
        return sum(room.delivered for room in self.rooms)

    def poll(self, wait_s: float) -> list[Room]:
        """Read from ready sockets; return the rooms in which the slowest reader has made progress."""
        read, readers = self.checker.read, self.readers
        for fd, _ in self.epoll.poll(wait_s):
            read(readers[fd])
        progressed, self.checker.progressed = self.checker.progressed, []
        return progressed

    def keep_in_flight(self, seconds: float) -> None:
        """Keep the plan's number of sends in flight in every room for a number of seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for room in self.poll(0.1):
                room.top_up()
            self.flush()

    def pace(self, seconds: float) -> None:
        """Send at the plan's rate, room by room; the latency of a late send counts from when it was due."""
        start = time.monotonic()
        sent = 0
        while (now := time.monotonic() - start) < seconds:
            while (due := sent / self.plan.rate) <= now:
                self.rooms[sent % len(self.rooms)].send(1, int((start + due) * 1e6))
                sent += 1
            # epoll waits are as coarse as a millisecond: with its own processor, the generator polls without waiting.
            self.poll(0.001 if self.plan.core is None else 0)

    def flush(self) -> None:
        """Send the bytes that sockets did not accept before."""
        for room in self.rooms:
            if room.unsent:
                room.send(0)

    def drain(self) -> None:
        """Wait until all sends have arrived; those that do not arrive in time are lost."""
        end = time.monotonic() + _DRAIN_S
        while time.monotonic() < end and self.count_missing():
            self.poll(0.1)
            self.flush()

    def count_missing(self) -> int:
        """Return the number of deliveries and acks that have not arrived."""
        has_acks = bool(self.plan.dialect.ack)
        return sum(
            room.sent * len(room.readers) - room.delivered + has_acks * (room.sent - room.acks) for room in self.rooms
        )


def measure_sends(plan: Plan) -> Result:
    """Connect all readers, warm up, and measure rates and latencies."""
    load = Load(plan)
    gc.collect()
    gc.freeze()
    gc.disable()
    send_and_read = load.pace if plan.kind == "paced" else load.keep_in_flight
    if plan.kind != "paced":
        for room in load.rooms:
            room.send(plan.window)
    send_and_read(plan.warm_s)
    latencies_ms = load.checker.latencies_ms
    if latencies_ms is not None:
        latencies_ms.clear()
    report(Step("measuring"))
    delivered_before, sent_before = load.delivered, sum(room.sent for room in load.rooms)
    start, start_cpu_s = time.monotonic(), time.process_time()
    send_and_read(plan.seconds)
    elapsed_s, cpu_s = time.monotonic() - start, time.process_time() - start_cpu_s
    delivered = load.delivered - delivered_before
    sent = sum(room.sent for room in load.rooms) - sent_before
    report(Step("measured"))
    load.drain()
    percentiles = [0.0] * 99
    if latencies_ms is not None and len(latencies_ms) > 1:
        percentiles = statistics.quantiles(latencies_ms, n=100)
    return Result(
        deliveries_per_s=delivered / elapsed_s,
        sends_per_s=delivered / plan.readers / elapsed_s,
        sends=sent,
        lost=load.count_missing(),
        disordered=load.checker.disordered,
        p50_ms=percentiles[49],
        p99_ms=percentiles[98],
        max_ms=max(latencies_ms or [0.0]),
        load=cpu_s / elapsed_s,
    )


def measure_during_flood(plan: Plan) -> Result:
    """Measure round trips while another process floods the server."""
    with subprocess.Popen([sys.executable, "-m", "bench.flood"], stdin=subprocess.PIPE, text=True) as flooder:
        try:
            assert flooder.stdin is not None
            flooder.stdin.write(msgspec.json.encode(plan).decode() + "\n")
            flooder.stdin.flush()
            return measure_sends(plan)
        finally:
            flooder.kill()


def _members(plan: Plan, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the room and the number of each member from `start` up to `end`."""
    return ((member % plan.rooms, member) for member in range(start, end))


def measure_opening(plan: Plan) -> Result:
    """Measure how fast the server accepts connections."""
    warm = open_all(plan, _members(plan, 0, _WARM_CONNECTIONS))
    count = plan.rooms * plan.readers
    report(Step("measuring"))
    start, start_cpu_s = time.monotonic(), time.process_time()
    opened = open_all(plan, _members(plan, _WARM_CONNECTIONS, _WARM_CONNECTIONS + count))
    elapsed_s, cpu_s = time.monotonic() - start, time.process_time() - start_cpu_s
    report(Step("measured"))
    for _, sock in warm + opened:
        sock.close()
    return Result(opened_per_s=count / elapsed_s, load=cpu_s / elapsed_s)


def measure_idle(plan: Plan) -> Result:
    """Open a few connections, then all others, so that the bench can measure the server's memory at both steps."""
    warm = open_all(plan, _members(plan, 0, _WARM_CONNECTIONS))
    report(Step("warm", wait=True))
    count = plan.rooms * plan.readers
    opened = open_all(plan, _members(plan, _WARM_CONNECTIONS, _WARM_CONNECTIONS + count))
    report(Step("open", wait=True))
    for _, sock in warm + opened:
        sock.close()
    return Result()


def main() -> None:
    """Execute the plan on the first line of stdin; print the result."""
    plan = msgspec.json.decode(sys.stdin.readline(), type=Plan)
    if plan.core is not None:
        os.sched_setaffinity(0, {plan.core})
    try:
        measurements = {
            "window": measure_sends,
            "paced": measure_sends,
            "opening": measure_opening,
            "idle": measure_idle,
            "flood": measure_during_flood,
        }
        report(measurements[plan.kind](plan))
    except (OpeningError, ConnectionError) as error:
        report(Failure(f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    main()
