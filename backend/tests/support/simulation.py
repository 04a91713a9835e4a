"""Simulate a hub on a HeldLog with clients that join, lag, disconnect and return, in steps chosen by a seed."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass

from alcove.access.rights import rights
from alcove.errors import Refusal
from alcove.limits import ProcessLimits, Retention
from alcove.protocol import Limits, Member, Person, raw
from alcove.rooms.hub import Hub
from alcove.rooms.start_position import StartPosition
from alcove.storage.base import Appended, Draft, LogUnavailableError
from alcove.storage.committer import QueueFullError
from tests.support.held_log import Fault, HeldLog
from tests.support.simulated_client import ReferenceLog, SimulatedClient
from tests.support.turns import run_turns
from tests.support.virtual_time import VirtualTimeLoop

ITEMS = ("foo", "bar", "baz")
PEOPLE = tuple(Person(name, name.title()) for name in ("ada", "bob", "cyd", "dan", "eve"))
POSTER = Person("post", "Post")
PROCESS_LIMITS = ProcessLimits(connections=16, member_connections=4, waiting_sends=25, tail_entries=8, tail_bytes=2500)


@dataclass
class Weights:
    """The relative frequency of each kind of step, and the share of storage calls that fail (`fault`)."""

    connect: int = 6
    send: int = 20
    read: int = 25
    disconnect: int = 3
    perform: int = 22
    resolve: int = 22
    resend: int = 3
    wait: int = 4
    post: int = 2
    fault: float = 0.0


class Simulation:
    """The simulated hub, log and clients, and the random choices."""

    def __init__(self, seed: int, weights: Weights, retention: Retention | None = None) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a test's dice
        self.weights = weights
        self.log = HeldLog(retention)
        self.log.holds_io_pending = True
        self.reference = ReferenceLog(self.log.store)
        self.loop = asyncio.get_running_loop()
        assert isinstance(self.loop, VirtualTimeLoop)
        self.clock = self.loop
        self.hub = Hub(self.log, limits=Limits(10_000, 0, 1), process_limits=PROCESS_LIMITS, clock=self.loop.time)
        self.alive: list[SimulatedClient] = []
        self.joining: dict[asyncio.Task[None], SimulatedClient] = {}
        self.posting: set[asyncio.Task[None]] = set()
        #: The position of each person's last connection to an item, from which the next connection may resume.
        self.left_at: dict[tuple[str, str], int] = {}
        #: The encoded sends of each person to an item whose outcome is unknown, in order.
        self.outboxes: dict[tuple[str, str], dict[str, str]] = {}
        self.acked: dict[tuple[str, str, str], int] = {}
        self.refused: set[tuple[str, str, str]] = set()
        self._sent = 0

    # --- steps

    async def step(self) -> None:
        """Take one random step, and run everything that needs neither time nor storage."""
        names = ("connect", "send", "read", "disconnect", "perform", "resolve", "resend", "wait", "post")
        (name,) = self.rng.choices(names, [getattr(self.weights, name) for name in names])
        getattr(self, f"_{name}")()
        await run_turns(8)
        if self.reference.violation:
            raise self.reference.violation
        for task in [task for task in self.joining if task.done()]:
            del self.joining[task]
            task.result()
        for task in [task for task in self.posting if task.done()]:
            self.posting.remove(task)
            task.result()

    def _connect(self) -> None:
        item, person = self.rng.choice(ITEMS), self.rng.choice(PEOPLE)
        left_at = self.left_at.get((item, person.id))
        log_id: str | None = None
        after: int | None = None
        match self.rng.randrange(8):
            case 0:
                after = self.rng.choice([0, 3, 10_000_000])
            case 1:
                after, log_id = 3, "another"
            case 2 | 3 | 4 | 5 if left_at is not None:
                after, log_id = left_at, self.rng.choice([None, self.log.id])
            case _:
                pass
        self.connect(item, person, StartPosition(after=after, log_id=log_id, tail=self.rng.choice([0, 2, 5, 50])))

    def connect(self, item: str, person: Person, start: StartPosition) -> SimulatedClient:
        """Start to join; the join continues when storage answers."""
        reader = SimulatedClient(self.reference, item, person, start, max_buffered=1600)
        self.joining[asyncio.create_task(self._join(reader))] = reader
        return reader

    async def _join(self, reader: SimulatedClient) -> None:
        member = Member(reader.person, rights("rwm" if reader.person.id == "ada" else "rw"))
        try:
            reader.session = await self.hub.join(reader.item, reader.socket, member, reader.start)
        except Refusal:
            return
        if reader.socket.aborted:
            self._on_connection_end(reader)
            return
        self.alive.append(reader)
        outbox = self.outboxes.pop((reader.item, reader.person.id), {})
        reader.to_resend |= outbox
        reader.resend()

    def _send(self) -> None:
        if not self.alive:
            return
        reader = self.rng.choice(self.alive)
        reader.send_lines(*(self._line(reader) for _ in range(self.rng.randint(1, 4))))

    def _line(self, reader: SimulatedClient) -> dict[str, object]:
        self._sent += 1
        last_seq = max(reader.seq, 1)
        target = max(1, last_seq - self.rng.randrange(8))
        (kind,) = self.rng.choices(("send", "edit", "delete", "read", "typing"), (60, 15, 10, 10, 5))
        head = {"type": kind, "id": f"s{self._sent}"}
        body = self.rng.choice(["short", "x" * self.rng.randrange(300), {"n": self._sent}])
        match kind:
            case "send":
                return head | {"body": body}
            case "edit":
                return head | {"target": target, "body": body}
            case "delete":
                return head | {"target": target}
            case "read":
                return {"type": kind, "seq": self.rng.choice([target, last_seq, 10_000_000])}
            case _:
                return {"type": kind}

    def _read(self) -> None:
        readers = [reader for reader in [*self.alive, *self.joining.values()] if reader.socket.buffered_bytes()]
        if readers:
            self.rng.choice(readers).socket.let_peer_read(self.rng.choice([1, 2, 5, None]))

    def _disconnect(self) -> None:
        readers = [*self.alive, *self.joining.values()]
        if readers:
            reader = self.rng.choice(readers)
            reader.socket.abort()
            if reader in self.alive:
                self.alive.remove(reader)
                self._on_connection_end(reader)

    def _on_connection_end(self, reader: SimulatedClient) -> None:
        """Handle the end of a connection, and keep its unsettled sends for the person's next one."""
        assert reader.session is not None
        key = (reader.item, reader.person.id)
        if reader.hello is not None:
            self.left_at[key] = reader.seq
        self.outboxes[key] = self.outboxes.get(key, {}) | reader.unsettled()
        self.record_outcomes(reader)
        reader.session.on_close(1006)

    def record_outcomes(self, reader: SimulatedClient) -> None:
        """Record the outcomes of sends that a client received."""
        for send, seq in reader.acked.items():
            assert self.acked.setdefault((reader.item, reader.person.id, send), seq) == seq, "S5"
        self.refused |= {(reader.item, reader.person.id, send) for send in reader.refused}

    def _perform(self) -> None:
        if calls := self.log.performable():
            fault: Fault | None = None
            if self.rng.random() < self.weights.fault:
                fault = self.rng.choice(["nothing stored", "answer lost"])
            self.rng.choice(calls).perform(fault)

    def _resolve(self) -> None:
        if calls := self.log.resolvable():
            self.log.resolve(self.rng.choice(calls))

    def _resend(self) -> None:
        if self.alive:
            self.rng.choice(self.alive).resend()

    def _wait(self) -> None:
        self.clock.now += self.rng.choice([0.1, 0.25, 1.0, 3.0])

    def _post(self) -> None:
        self._sent += 1
        self.posting.add(asyncio.create_task(self._send_over_http(self.rng.choice(ITEMS), f"p{self._sent}")))

    async def _send_over_http(self, item: str, send: str) -> None:
        """Send over HTTP, repeatedly until the message is stored (W2)."""
        while True:
            try:
                outcome = await self.hub.store_draft(Draft(item, "message", send, POSTER, self.hub.now_ms(), raw(send)))
            except (LogUnavailableError, QueueFullError):
                await self._sleep(0.5)
            else:
                assert isinstance(outcome, Appended)
                self.acked[item, POSTER.id, send] = outcome.entry.seq
                return

    async def _sleep(self, seconds: float) -> None:
        """Wait for `seconds` of the simulated clock."""
        due = self.loop.create_future()
        self.loop.call_later(seconds, due.set_result, None)
        await due

    # --- the end

    async def settle(self) -> None:
        """Run without faults, with all clients reading, until nothing has happened for 6 simulated seconds."""
        quiet_turns = 0
        while quiet_turns < 12:
            is_busy = bool(self.log.pending_calls)
            while self.log.pending_calls:
                self.log.settle()
                await run_turns(8)
            for reader in self.alive:
                is_busy |= bool(reader.socket.buffered_bytes() or reader.to_resend)
                reader.socket.let_peer_read()
                reader.resend()
            self.clock.now += 0.5
            await run_turns(8)
            if self.reference.violation:
                raise self.reference.violation
            quiet_turns = 0 if is_busy else quiet_turns + 1
        for task in self.posting:
            task.result()
        self.posting.clear()
        assert not any(reader.unsettled() for reader in self.alive)

    async def send_outboxes(self) -> None:
        """Let people with unsettled sends reconnect, until every send is settled."""
        for key in [key for key, outbox in self.outboxes.items() if outbox]:
            while self.outboxes.get(key):
                item, person = key
                reader = self.connect(item, next(member for member in PEOPLE if member.id == person), StartPosition())
                await self.settle()
                assert reader in self.alive, "L3: expected that the person can connect again"
                self.leave(reader)

    def leave(self, reader: SimulatedClient) -> None:
        """Disconnect a client after everything was settled."""
        reader.socket.abort()
        self.alive.remove(reader)
        self._on_connection_end(reader)

    def log_of(self, item: str) -> Counter[tuple[str, str, str]]:
        """Count the stored entries of each send, except those that retention removed."""
        entries = self.log.store.read(item, None, None, 1_000_000, 1 << 40).entries
        return Counter((item, entry.by.id, entry.id) for entry in entries)
