"""A simulated client that sends and resends as the protocol requires, and checks every line when it is written."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import UNSET

from alcove.protocol import Ack, Entry, Error, Gap, Hello, Person, Presence, ReadMark, ServerLine, TypingNow
from alcove.rooms.session import Session
from alcove.rooms.start_position import StartPosition
from alcove.storage.sqlite.store import SqliteStore
from tests.support.fake_connection import FakeConnection, Feed, server_lines

#: Refusals after which the client repeats the send.
RETRIED_CODES = {"unavailable", "overloaded"}


@dataclass
class ReferenceLog:
    """The entries of the log and the promises made about them: the reference for all clients."""

    store: SqliteStore
    #: Items and seqs whose bodies must not be sent again: their delete was delivered or acked (S9).
    deleted_bodies: set[tuple[str, int]] = field(default_factory=set)
    #: The first line that broke a rule, if the code under test caught the error that reported it.
    violation: AssertionError | None = None

    def entry(self, item: str, seq: int) -> Entry | None:
        """Return the entry as it is stored now; None if the log does not have it."""
        page = self.store.read(item, seq - 1, None, 1, 1)
        return page.entries[0] if page.entries and page.entries[0].seq == seq else None

    def deleted(self, item: str, delete: Entry) -> None:
        """Record that a client received a delete, after which the target's bodies must not be sent."""
        assert delete.target is not UNSET
        self.deleted_bodies.add((item, delete.target))
        for entry in self.store.read(item, None, None, 1_000_000, 1 << 40).entries:
            if entry.kind == "edit" and entry.target == delete.target:
                self.deleted_bodies.add((item, entry.seq))


class Reader:
    """One connection of a person to an item."""

    def __init__(
        self, reference: ReferenceLog, item: str, person: Person, start: StartPosition, socket_bound: int
    ) -> None:
        self.item = item
        self.person = person
        self.start = start
        self.socket = FakeConnection(bound=socket_bound, reads=False, on_write=self._on_write)
        self.session: Session | None = None
        self._feed: Feed | None = None
        self.hello: Hello | None = None
        #: The last seq it was sent.
        self.seq = 0
        self.members: set[str] = set()
        self.count = 0
        self.reads: dict[str, int] = {}
        #: Sends of this connection whose outcome is open, in their order.
        self.open: dict[str, str] = {}
        #: Sends to be repeated.
        self.to_repeat: dict[str, str] = {}
        self.refused: set[str] = set()
        self.acked: dict[str, int] = {}
        self._reference = reference
        self._last_new = 0
        self._behind_a_failure: set[str] = set()
        self._handlers: dict[type, Callable[..., None]] = {
            Entry: self._entry,
            Gap: self._gap,
            Ack: self._ack,
            Error: self._error,
            Presence: self._presence,
            ReadMark: self._read,
            TypingNow: self._typing,
        }

    # --- what it sends

    def send_lines(self, *lines: dict[str, object]) -> None:
        """Send lines in one frame, and remember those that get an `ack` or `error`."""
        assert self.session is not None
        encoded = [json.dumps(line) for line in lines]
        for line, text in zip(lines, encoded, strict=True):
            if "id" in line:
                self.open[str(line["id"])] = text
        self._pass_frame("\n".join(encoded))

    def repeat(self) -> None:
        """Resend what storage refused, in order (S5, S7)."""
        assert self.session is not None
        lines, self.to_repeat = self.to_repeat, {}
        self.open |= lines
        if lines:
            self._pass_frame("\n".join(lines.values()))

    def _pass_frame(self, frame: str) -> None:
        """Pass a frame to the session, which takes no lines for a moment after many refused ones (L6)."""
        assert self.session is not None
        self._feed = self._feed or Feed(self.session, self.socket)
        self._feed(frame)

    def unsettled(self) -> dict[str, str]:
        """Return the sends without a known outcome, in order: the outbox of a client."""
        return self.open | self.to_repeat

    # --- what it receives

    def _on_write(self, frame: bytes) -> None:
        """Check a frame when it is written."""
        try:
            self._check(frame)
        except AssertionError as error:
            self._reference.violation = self._reference.violation or error
            raise

    def _check(self, frame: bytes) -> None:
        for raw_line in frame.split(b"\n"):
            line: ServerLine = server_lines.decode(raw_line)
            if self.hello is None:
                if isinstance(line, Error):
                    return
                assert isinstance(line, Hello), f"H5: {line}"
                self._on_hello(line)
            else:
                self._handlers[type(line)](line)

    def _on_hello(self, hello: Hello) -> None:
        self.hello = hello
        self.members = {member.id for member in hello.members}
        self.count = hello.count
        self.reads = dict(hello.reads)
        assert hello.head <= self._head(), f"S4: hello names {hello.head}, {self._head()} is durable"
        after = self.start.after
        foreign = self.start.log_id not in {None, hello.log} or (after or 0) > hello.head
        assert hello.reset == foreign, "R5"
        if after is None or hello.reset:
            self.seq = max(hello.head - self.start.tail, hello.oldest - 1)
        else:
            self.seq = after

    def _head(self) -> int:
        return self._reference.store.room_states([self.item])[self.item].head

    def _entry(self, entry: Entry) -> None:
        assert entry.seq == self.seq + 1, f"R3: expected {self.seq + 1}, got {entry.seq}"
        self.seq = entry.seq
        assert entry.seq <= self._head(), f"S4: {entry.seq} is not durable"
        body, stored = entry.body, self._reference.entry(self.item, entry.seq)
        if (self.item, entry.seq) in self._reference.deleted_bodies:
            assert body is UNSET, f"S9: {entry.seq} was deleted and shows {body!r}"
        if stored is not None:
            assert _identity(stored) == _identity(entry), "D3"
        if entry.kind == "delete":
            assert body is UNSET
            self._reference.deleted(self.item, entry)

    def _gap(self, gap: Gap) -> None:
        assert self.seq + 1 == gap.from_ <= gap.to, f"R4: expected a gap from {self.seq + 1}, got {gap}"
        oldest = self._reference.store.room_states([self.item])[self.item].oldest
        assert gap.to < oldest, f"R4: {gap} names entries that are kept from {oldest} on"
        self.seq = gap.to

    def _ack(self, ack: Ack) -> None:
        self._is_next(ack.id)
        assert ack.id not in self._behind_a_failure, f"S2: {ack} overtook a send that came before it"
        assert ack.seq <= self._head(), f"S3: {ack} is not durable"
        stored = self._reference.entry(self.item, ack.seq)
        if stored is not None:
            assert (stored.id, stored.by.id) == (ack.id, self.person.id), f"S3: {ack} is of {stored}"
            if stored.kind == "delete":
                self._reference.deleted(self.item, stored)
        if not ack.duplicate:
            assert ack.seq > self._last_new, f"S2: {ack} after {self._last_new}"
            self._last_new = ack.seq
        assert self.acked.setdefault(ack.id, ack.seq) == ack.seq, "S5"

    def _error(self, error: Error) -> None:
        assert isinstance(error.id, str), f"S6: {error}"
        if error.code == "overloaded":
            self.to_repeat[error.id] = self.open.pop(error.id)
            return
        line = self._is_next(error.id)
        if error.code in RETRIED_CODES:
            assert error.retry_ms is not UNSET, "S7"
            self.to_repeat[error.id] = line
            self._behind_a_failure.discard(error.id)
            self._behind_a_failure |= set(self.open)
        else:
            assert error.code in {"invalid", "forbidden"}, f"S6: {error}"
            self.refused.add(error.id)

    def _is_next(self, send: str) -> str:
        """Check that the outcome belongs to the oldest unsettled send, and return its body (S2)."""
        first = next(iter(self.open))
        assert send == first, f"S2: {first} comes before {send}"
        return self.open.pop(send)

    def _presence(self, line: Presence) -> None:
        self.members = self.members - set(line.left) | {person.id for person in line.joined}
        self.count = line.count

    def _read(self, line: ReadMark) -> None:
        assert line.seq <= self._head(), f"P5: {line} is beyond the head"
        assert line.seq >= self.reads.get(line.by, 0), f"P5: {line} runs back from {self.reads}"
        self.reads[line.by] = line.seq

    def _typing(self, line: TypingNow) -> None:
        assert line.by.id != self.person.id, "P4"


def _identity(entry: Entry) -> tuple[object, ...]:
    """Return the fields of an entry that never change."""
    return entry.seq, entry.kind, entry.id, entry.by, entry.at, entry.target
