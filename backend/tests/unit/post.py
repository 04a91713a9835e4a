"""A committer on a log that is held, and senders that keep what they hear."""

import asyncio
from collections.abc import Sequence

from alcove.protocol import Person, raw
from alcove.storage.base import Appended, Draft, LogUnavailableError, Outcome
from alcove.storage.committer import Committer
from tests.doubles import HeldLog

ADA = Person("ada", "Ada")
Answers = Sequence[tuple[Draft, Outcome | LogUnavailableError]]


class Letters:
    """A sender that keeps its answers, one list a call."""

    def __init__(self) -> None:
        self.calls: list[list[tuple[str, int | str]]] = []
        self.heard = asyncio.Event()

    def on_outcomes(self, answers: Answers) -> None:
        """Keep ids with the seq, or the reason there is none (Sender)."""
        self.calls.append([(d.id, o.entry.seq if isinstance(o, Appended) else type(o).__name__) for d, o in answers])
        self.heard.set()


class Post:
    """A committer on a log that is held, and all that it delivered."""

    def __init__(self) -> None:
        self.log = HeldLog()
        self.delivered: list[list[str]] = []
        #: How many batches were being stored at each delivery.
        self.storing: list[int] = []
        self.committer = Committer(self.log, self._deliver, max_waiting=5000)
        self.ada = Letters()
        self.bob = Letters()

    def _deliver(self, stored: list[tuple[Draft, Outcome]]) -> None:
        self.delivered.append([draft.id for draft, _ in stored])
        self.storing.append(len(self.log.held))
        if any(draft.id == "poison" for draft, _ in stored):
            raise ValueError("a room that fails")

    def send(self, *ids: str, by: Letters | None = None, size: int = 1) -> None:
        """Hand in messages."""
        for id in ids:  # noqa: A001 - the protocol's own word
            self.committer.submit(Draft("foo", "message", id, ADA, 1, raw("x" * size)), by or self.ada)

    def batches(self) -> list[list[str]]:
        """The ids of each batch that reached the log."""
        return [[draft.id for draft in batch] for batch in self.log.batches]
