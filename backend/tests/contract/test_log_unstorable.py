"""Test the contract of logs: data that can never be stored are refused as invalid, and not retried (S6)."""

import pytest

from alcove.protocol import Person
from alcove.storage.base import Draft, Log, Refused, UnstorableError
from alcove.storage.committer import Committer
from tests.support.committer import OutcomeRecorder
from tests.support.drafts import append, edit, message, read_bodies

#: Drafts that no engine can store. The protocol refuses them earlier; if it did not, no other draft would fail.
UNSTORABLE_DRAFTS = [
    message("\ud800"),
    message("b", by=Person("bob", "half a pair \udfff")),
    edit("b", 2**63),
]


@pytest.mark.parametrize("draft", UNSTORABLE_DRAFTS, ids=["id", "name", "target"])
async def test_s6_appending_an_unstorable_draft_raises_and_stores_nothing(log: Log, draft: Draft) -> None:
    with pytest.raises(UnstorableError):
        await log.append([message("a"), draft])

    assert await read_bodies(log) == {}
    assert await append(log, message("a")) == [(1, False)]


@pytest.mark.parametrize("draft", UNSTORABLE_DRAFTS, ids=["id", "name", "target"])
async def test_s6_unstorable_draft_is_invalid_and_the_others_are_stored(
    log: Log, draft: Draft, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = OutcomeRecorder()
    committer = Committer(log, lambda _: None, max_waiting=10)
    for submitted in (message("a"), draft, message("c")):
        committer.submit(submitted, recorder)
    await committer.drain()

    outcomes = {submitted.id: outcome for submitted, outcome in recorder.outcomes}
    refused = outcomes[draft.id]
    assert isinstance(refused, Refused)
    assert refused.code == "invalid"
    assert list(await read_bodies(log)) == [1, 2]
    assert caplog.text == ""


@pytest.mark.parametrize("storage", ["postgresql"], indirect=True)
async def test_s6_nul_and_long_ids_are_unstorable_on_postgresql(log: Log) -> None:
    with pytest.raises(UnstorableError, match="0x00"):
        await log.append([message("a\0b")])
    # An id that is too long for a row of the index.
    with pytest.raises(UnstorableError, match="index row requires"):
        await log.append([message("".join(chr(0x4E00 + n) for n in range(5000)))])

    assert await append(log, message("a", "\0 in a body is text like any other")) == [(1, False)]
