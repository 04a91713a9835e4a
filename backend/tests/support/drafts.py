"""Create drafts for tests of logs, and summarize their outcomes."""

from msgspec import UNSET

from alcove.protocol import Entry, Person, raw
from alcove.storage.base import Appended, Draft, Log, Outcome, Refused

ADA, BOB = Person("ada", "Ada"), Person("bob", "Bob")
DAY_MS = 86_400_000


def message(id: str, body: object = "hello", *, item: str = "foo", by: Person = ADA, at: int = 1000) -> Draft:
    """Create the draft of a message."""
    return Draft(item, "message", id, by, at, raw(body))


def edit(
    id: str, target: int, body: object = "hello!", *, by: Person = ADA, at: int = 1000, mod: bool = False
) -> Draft:
    """Create the draft of an edit; `mod` says whether its author may moderate."""
    return Draft("foo", "edit", id, by, at, raw(body), target, mod)


def delete(id: str, target: int, *, by: Person = ADA, at: int = 1000, mod: bool = False) -> Draft:
    """Create the draft of a delete; `mod` says whether its author may moderate."""
    return Draft("foo", "delete", id, by, at, None, target, mod)


def summarize(outcome: Outcome) -> tuple[int, bool] | str:
    """Return the seq of a stored draft and whether it is a duplicate, or the code of a refusal."""
    return outcome.code if isinstance(outcome, Refused) else (outcome.entry.seq, outcome.duplicate)


def stored_entry(outcome: Outcome) -> Entry:
    """Return the entry of a stored draft."""
    assert isinstance(outcome, Appended), outcome
    return outcome.entry


async def append(log: Log, *drafts: Draft) -> list[tuple[int, bool] | str]:
    """Append a batch, and summarize the outcome of each draft."""
    return [summarize(outcome) for outcome in await log.append(drafts)]


async def read_bodies(log: Log, item: str = "foo") -> dict[int, str | None]:
    """Read the bodies of up to 500 entries of an item, as JSON by seq; the body of a deleted entry is None."""
    page = await log.read(item, after=0, limit=500)
    return {entry.seq: None if entry.body is UNSET else bytes(entry.body).decode() for entry in page.entries}
