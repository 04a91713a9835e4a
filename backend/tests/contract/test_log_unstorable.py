"""What every log says of data that it cannot hold: the sender is at fault, and is not told to try again (S6)."""

import asyncio
from collections.abc import Sequence

import pytest

from alcove.protocol import Person
from alcove.storage.base import Draft, Log, LogUnavailableError, Outcome, Refused, UnstorableError
from alcove.storage.committer import Committer
from tests.contract.drafts import append, bodies, edit, message

#: Drafts that no engine can hold. The wire lets none of them through; should it one day, they hurt themselves.
FAULTS = [
    message("\ud800"),
    message("b", by=Person("bob", "half a pair \udfff")),
    edit("b", 2**63),
]


@pytest.mark.parametrize("draft", FAULTS, ids=["id", "name", "target"])
async def test_s6_what_cannot_be_stored_is_no_fault_of_the_storage(log: Log, draft: Draft) -> None:
    with pytest.raises(UnstorableError):
        await log.append([message("a"), draft])

    assert {} == await bodies(log)
    assert [(1, False)] == await append(log, message("a"))


class Sender:
    """A sender that keeps its answers."""

    def __init__(self) -> None:
        self.answers: dict[str, Outcome | LogUnavailableError] = {}
        self.heard = asyncio.Event()

    def on_outcomes(self, answers: Sequence[tuple[Draft, Outcome | LogUnavailableError]]) -> None:
        """Keep what became of drafts (Sender)."""
        self.answers.update((draft.id, outcome) for draft, outcome in answers)
        self.heard.set()


@pytest.mark.parametrize("draft", FAULTS, ids=["id", "name", "target"])
async def test_s6_one_draft_that_cannot_be_stored_is_invalid_and_the_others_are_stored(
    log: Log, draft: Draft, caplog: pytest.LogCaptureFixture
) -> None:
    sender = Sender()
    committer = Committer(log, lambda _: None, max_waiting=10)
    for one in (message("a"), draft, message("c")):
        committer.submit(one, sender)
    await committer.drain()

    refused = sender.answers[draft.id]
    assert isinstance(refused, Refused)
    assert "invalid" == refused.code
    assert [1, 2] == list(await bodies(log))
    assert "" == caplog.text


@pytest.mark.parametrize("storage", ["postgresql"], indirect=True)
async def test_s6_text_that_postgresql_cannot_hold_is_the_sender_s_fault(log: Log) -> None:
    with pytest.raises(UnstorableError, match="0x00"):
        await log.append([message("a\0b")])
    # A name in the index that is longer than one may be.
    with pytest.raises(UnstorableError, match="index row requires"):
        await log.append([message("".join(chr(0x4E00 + n) for n in range(5000)))])

    assert [(1, False)] == await append(log, message("a", "\0 in a body is text like any other"))
