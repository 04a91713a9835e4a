"""Drafts for the contract of logs, and what became of them."""

from msgspec import UNSET

from alcove.protocol import Entry, Person, raw
from alcove.storage.base import Appended, Draft, Log, Outcome, Refused

ADA, BOB = Person("ada", "Ada"), Person("bob", "Bob")
DAY_MS = 86_400_000


def message(id: str, body: object = "hello", *, item: str = "foo", by: Person = ADA, at: int = 1000) -> Draft:
    """Something said."""
    return Draft(item, "message", id, by, at, raw(body))


def edit(
    id: str, target: int, body: object = "hello!", *, by: Person = ADA, at: int = 1000, mod: bool = False
) -> Draft:
    """Return the draft of an edit; `mod`: by a member who may moderate."""
    return Draft("foo", "edit", id, by, at, raw(body), target, mod)


def delete(id: str, target: int, *, by: Person = ADA, at: int = 1000, mod: bool = False) -> Draft:
    """The end of a message."""
    return Draft("foo", "delete", id, by, at, None, target, mod)


def result(outcome: Outcome) -> tuple[int, bool] | str:
    """Return the seq and whether it is a duplicate, or the code of the refusal."""
    return outcome.code if isinstance(outcome, Refused) else (outcome.entry.seq, outcome.duplicate)


def entry(outcome: Outcome) -> Entry:
    """The entry that stands for a draft."""
    assert isinstance(outcome, Appended), outcome
    return outcome.entry


async def append(log: Log, *drafts: Draft) -> list[tuple[int, bool] | str]:
    """Append a batch; what became of each draft."""
    return [result(outcome) for outcome in await log.append(drafts)]


async def bodies(log: Log, item: str = "foo") -> dict[int, str | None]:
    """Every body that the log still has, as JSON."""
    page = await log.read(item, after=0, limit=500)
    return {one.seq: None if one.body is UNSET else bytes(one.body).decode() for one in page.entries}
