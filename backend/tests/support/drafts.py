"""Create drafts for the contract tests of logs, and summarize their outcomes."""

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
    """Create the draft of an edit; `mod`: by a member who may moderate."""
    return Draft("foo", "edit", id, by, at, raw(body), target, mod)


def delete(id: str, target: int, *, by: Person = ADA, at: int = 1000, mod: bool = False) -> Draft:
    """Create the draft of a delete; `mod`: by a member who may moderate."""
    return Draft("foo", "delete", id, by, at, None, target, mod)


def result(outcome: Outcome) -> tuple[int, bool] | str:
    """Summarize an outcome: its seq and whether it is a duplicate, or the code of the refusal."""
    return outcome.code if isinstance(outcome, Refused) else (outcome.entry.seq, outcome.duplicate)


def entry(outcome: Outcome) -> Entry:
    """Return the entry of a stored draft."""
    assert isinstance(outcome, Appended), outcome
    return outcome.entry


async def append(log: Log, *drafts: Draft) -> list[tuple[int, bool] | str]:
    """Append a batch, and summarize the outcome of each draft."""
    return [result(outcome) for outcome in await log.append(drafts)]


async def bodies(log: Log, item: str = "foo") -> dict[int, str | None]:
    """Read every body that the log has of an item, as JSON by seq."""
    page = await log.read(item, after=0, limit=500)
    return {entry.seq: None if entry.body is UNSET else bytes(entry.body).decode() for entry in page.entries}
