"""Test the contract of logs: repeated ids of sends (S5)."""

from alcove.clock import now_ms
from alcove.limits import Retention
from tests.support.drafts import BOB, append, edit, message
from tests.support.storage import OpenLog


async def test_s5_ids_of_kept_and_removed_entries_are_found(open_again: OpenLog) -> None:
    log = await open_again(Retention(entries=2))
    at = now_ms()  # old ids have expired
    await append(log, message("a", at=at), message("b", at=at), message("a", by=BOB, at=at), edit("c", 2, at=at))
    await append(log, message("a", item="bar", at=at))
    stored_ids = [("foo", "ada", "a"), ("foo", "bob", "a"), ("foo", "ada", "c"), ("bar", "ada", "a")]
    unknown_ids = [("bar", "bob", "a"), ("none", "ada", "a"), ("foo", "ada", "A")]

    assert (await log.read("foo", limit=9)).oldest == 3
    assert await log.seqs_of([*stored_ids, *unknown_ids]) == dict(zip(stored_ids, (1, 3, 4, 1), strict=True))
    assert await log.seqs_of([]) == {}
