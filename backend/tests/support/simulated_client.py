"""A simulated client that sends and resends as the protocol requires, and checks every line when it is written."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec import UNSET

from alcove.protocol import Ack, Entry, Error, Gap, Hello, Person, Presence, ReadMark, ServerLine, TypingNow
from alcove.rooms.session import Session
from alcove.rooms.start_position import StartPosition
from alcove.storage.sqlite.store import SqliteStore
from tests.support.fake_connection import FakeConnection, FrameFeed, server_lines

#: Refusals after which the client repeats the send.
RETRIED_CODES = {"unavailable", "overloaded"}


@dataclass
class ReferenceLog:
    """The stored entries and the promises made about them, with which the lines of all clients are compared."""

    store: SqliteStore
    #: The items and seqs of bodies that must not be sent again, because their delete was delivered or acked (S9).
    deleted_bodies: set[tuple[str, int]] = field(default_factory=set)
    #: The first line that broke a rule, if the code under test caught the error that reported it.
    violation: AssertionError | None = None

    def entry(self, item: str, seq: int) -> Entry | None:
        """Return the entry as it is stored now; None if the log does not have it."""
        page = self.store.read(item, seq - 1, None, 1, 1)
        return page.entries[0] if page.entries and page.entries[0].seq == seq else None

    def record_delete(self, item: str, delete: Entry) -> None:
        """Record that a client received a delete, after which the bodies of its target must not be sent."""
        assert delete.target is not UNSET
        self.deleted_bodies.add((item, delete.target))
        for entry in self.store.read(item, None, None, 1_000_000, 1 << 40).entries:
            if entry.kind == "edit" and entry.target == delete.target:
                self.deleted_bodies.add((item, entry.seq))


class SimulatedClient:
    """One connection of a person to an item."""

    def __init__(
        self, reference: ReferenceLog, item: str, person: Person, start: StartPosition, max_buffered: int
    ) -> None:
        self.item = item
        self.person = person
        self.start = start
        self.socket = FakeConnection(max_buffered=max_buffered, reads=False, on_write=self._on_write)
        self.session: Session | None = None
        self._feed: FrameFeed | None = None
        self.hello: Hello | None = None
        #: The seq of the last entry that the server wrote.
        self.seq = 0
        self.members: set[str] = set()
        self.member_count = 0
        self.read_marks: dict[str, int] = {}
        #: The encoded sends of this connection without an outcome, by id and in order.
        self.pending: dict[str, str] = {}
        #: The encoded sends to repeat, by id and in order.
        self.to_resend: dict[str, str] = {}
        self.refused: set[str] = set()
        #: The seqs of acked sends, by id.
        self.acked: dict[str, int] = {}
        self._reference = reference
        #: The highest seq in an ack without `duplicate`.
        self._last_acked = 0
        #: The sends that followed one that failed, and that must fail as well (S2).
        self._sent_after_failed: set[str] = set()
        self._handlers: dict[type, Callable[..., None]] = {
            Entry: self._on_entry,
            Gap: self._on_gap,
            Ack: self._on_ack,
            Error: self._on_error,
            Presence: self._on_presence,
            ReadMark: self._on_read_mark,
            TypingNow: self._on_typing,
        }

    # --- sending

    def send_lines(self, *lines: dict[str, object]) -> None:
        """Send lines in one frame, and remember those that get an `ack` or `error`."""
        assert self.session is not None
        encoded = [json.dumps(line) for line in lines]
        for line, text in zip(lines, encoded, strict=True):
            if "id" in line:
                self.pending[str(line["id"])] = text
        self._pass_frame("\n".join(encoded))

    def resend(self) -> None:
        """Resend the sends that storage refused, in order (S5, S7)."""
        assert self.session is not None
        lines, self.to_resend = self.to_resend, {}
        self.pending |= lines
        if lines:
            self._pass_frame("\n".join(lines.values()))

    def _pass_frame(self, frame: str) -> None:
        """Pass a frame to the session, which pauses reading for a moment after many refused lines (L6)."""
        assert self.session is not None
        self._feed = self._feed or FrameFeed(self.session, self.socket)
        self._feed(frame)

    def unsettled(self) -> dict[str, str]:
        """Return the sends without a final outcome, in order, as the outbox of a client does."""
        return self.pending | self.to_resend

    # --- receiving

    def _on_write(self, frame: bytes) -> None:
        """Check a frame when the server writes it."""
        try:
            self._on_frame(frame)
        except AssertionError as error:
            self._reference.violation = self._reference.violation or error
            raise

    def _on_frame(self, frame: bytes) -> None:
        for raw_line in frame.split(b"\n"):
            line: ServerLine = server_lines.decode(raw_line)
            if self.hello is None:
                if isinstance(line, Error):
                    return
                assert isinstance(line, Hello), f"H5: expected hello, got {line}"
                self._on_hello(line)
            else:
                self._handlers[type(line)](line)

    def _on_hello(self, hello: Hello) -> None:
        self.hello = hello
        self.members = {member.id for member in hello.members}
        self.member_count = hello.count
        self.read_marks = dict(hello.reads)
        assert hello.head <= self._head(), f"S4: expected a head up to {self._head()}, got {hello.head}"
        after = self.start.after
        is_unknown_position = self.start.log_id not in {None, hello.log} or (after or 0) > hello.head
        assert hello.reset == is_unknown_position, "R5"
        if after is None or hello.reset:
            self.seq = max(hello.head - self.start.tail, hello.oldest - 1)
        else:
            self.seq = after

    def _head(self) -> int:
        return self._reference.store.room_states([self.item])[self.item].head

    def _on_entry(self, entry: Entry) -> None:
        assert entry.seq == self.seq + 1, f"R3: expected {self.seq + 1}, got {entry.seq}"
        self.seq = entry.seq
        assert entry.seq <= self._head(), f"S4: {entry.seq} is not durable"
        body, stored = entry.body, self._reference.entry(self.item, entry.seq)
        if (self.item, entry.seq) in self._reference.deleted_bodies:
            assert body is UNSET, f"S9: expected no body of the deleted {entry.seq}, got {body!r}"
        if stored is not None:
            assert _fixed_fields(stored) == _fixed_fields(entry), "D3"
        if entry.kind == "delete":
            assert body is UNSET
            self._reference.record_delete(self.item, entry)

    def _on_gap(self, gap: Gap) -> None:
        assert self.seq + 1 == gap.from_ <= gap.to, f"R4: expected a gap from {self.seq + 1}, got {gap}"
        oldest = self._reference.store.room_states([self.item])[self.item].oldest
        assert gap.to < oldest, f"R4: expected a gap before the oldest kept entry {oldest}, got {gap}"
        self.seq = gap.to

    def _on_ack(self, ack: Ack) -> None:
        self._settle_oldest(ack.id)
        assert ack.id not in self._sent_after_failed, (
            f"S2: expected an error, because an earlier send failed; got {ack}"
        )
        assert ack.seq <= self._head(), f"S3: {ack} is not durable"
        stored = self._reference.entry(self.item, ack.seq)
        if stored is not None:
            assert (stored.id, stored.by.id) == (ack.id, self.person.id), f"S3: expected an ack of {stored}, got {ack}"
            if stored.kind == "delete":
                self._reference.record_delete(self.item, stored)
        if not ack.duplicate:
            assert ack.seq > self._last_acked, f"S2: expected a seq after {self._last_acked}, got {ack}"
            self._last_acked = ack.seq
        assert self.acked.setdefault(ack.id, ack.seq) == ack.seq, "S5"

    def _on_error(self, error: Error) -> None:
        assert isinstance(error.id, str), f"S6: {error}"
        if error.code == "overloaded":
            self.to_resend[error.id] = self.pending.pop(error.id)
            return
        line = self._settle_oldest(error.id)
        if error.code in RETRIED_CODES:
            assert error.retry_ms is not UNSET, "S7"
            self.to_resend[error.id] = line
            self._sent_after_failed.discard(error.id)
            self._sent_after_failed |= set(self.pending)
        else:
            assert error.code in {"invalid", "forbidden"}, f"S6: {error}"
            self.refused.add(error.id)

    def _settle_oldest(self, send_id: str) -> str:
        """Remove the oldest pending send, which must be the one of this outcome (S2), and return its line."""
        oldest = next(iter(self.pending))
        assert send_id == oldest, f"S2: expected the outcome of {oldest}, got that of {send_id}"
        return self.pending.pop(send_id)

    def _on_presence(self, line: Presence) -> None:
        self.members = self.members - set(line.left) | {person.id for person in line.joined}
        self.member_count = line.count

    def _on_read_mark(self, line: ReadMark) -> None:
        assert line.seq <= self._head(), f"P5: {line} is beyond the head"
        assert line.seq >= self.read_marks.get(line.by, 0), f"P5: expected a mark after {self.read_marks}, got {line}"
        self.read_marks[line.by] = line.seq

    def _on_typing(self, line: TypingNow) -> None:
        assert line.by.id != self.person.id, "P4"


def _fixed_fields(entry: Entry) -> tuple[object, ...]:
    """Return the fields of an entry that never change."""
    return entry.seq, entry.kind, entry.id, entry.by, entry.at, entry.target
