"""Test the contract of logs: appending, reading, duplicate ids and retention (S, R, F3, L5)."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import UNSET

from alcove.limits import Retention
from alcove.protocol import Person, raw
from alcove.storage.base import Appended, Draft, Log, LogUnavailableError
from alcove.storage.open import open_log
from alcove.storage.postgres import log as postgres_log
from tests.support.drafts import BOB, DAY_MS, append, edit, message, read_bodies, stored_entry
from tests.support.storage import OpenLog


async def test_s2_seqs_are_dense_and_in_the_order_of_the_drafts(log: Log) -> None:
    assert await append(log, message("a"), message("b")) == [(1, False), (2, False)]
    assert await append(log, message("c")) == [(3, False)]
    page = await log.read("foo", after=0, limit=10)

    assert [(entry.seq, entry.id) for entry in page.entries] == [(1, "a"), (2, "b"), (3, "c")]
    assert (page.oldest, page.head) == (1, 3)


async def test_s2_batch_for_many_rooms_numbers_each_room_separately(log: Log) -> None:
    drafts = [message(f"{n}", item=item) for n, item in enumerate(["foo", "bar", "foo", "baz", "bar", "foo"])]

    assert await append(log, *drafts) == [(1, False), (1, False), (2, False), (1, False), (2, False), (3, False)]


async def test_entry_is_read_unchanged(log: Log) -> None:
    by = Person("ñandú", "Ñ \U0001f44b \u202e")
    body = {"text": 'nul \0, quote ", 日本', "n": [1, -2.5e300, None, True], "": {}}
    (stored,) = await log.append([message("id ✓", body, item="日本.1_a:@-", by=by, at=1_795_000_000_000)])
    page = await log.read("日本.1_a:@-", limit=1)

    assert page.entries == [stored_entry(stored)]
    (read_entry,) = page.entries
    assert (read_entry.kind, read_entry.id, read_entry.by) == ("message", "id ✓", by)
    assert read_entry.at == 1_795_000_000_000
    assert read_entry.body == raw(body)


@pytest.mark.parametrize("body", [None, "", 0, False, [], {}], ids=repr)
async def test_s1_empty_body_is_stored(log: Log, body: object) -> None:
    await append(log, message("a", body))

    assert raw(body) == (await log.read("foo", limit=1)).entries[0].body


async def test_s5_same_id_in_one_batch_is_one_entry(log: Log) -> None:
    assert await append(log, message("a"), message("a", "other"), message("b")) == [(1, False), (1, True), (2, False)]
    assert await read_bodies(log) == {1: '"hello"', 2: '"hello"'}


async def test_s5_same_id_in_a_later_batch_returns_the_first_entry(log: Log) -> None:
    (first,) = await log.append([message("a", at=1000)])
    await append(log, message("b"))
    repeated, new = await log.append([message("a", "other", at=5000), message("c", at=5000)])

    assert isinstance(repeated, Appended)
    assert (repeated.entry, repeated.duplicate) == (stored_entry(first), True)
    assert stored_entry(new).seq == 3


async def test_s5_ids_are_unique_per_sender_and_item(log: Log) -> None:
    drafts = [message("a"), message("a", by=BOB), message("a", item="bar")]

    assert await append(log, *drafts) == [(1, False), (2, False), (1, False)]


async def test_s5_ids_are_shared_by_all_kinds(log: Log) -> None:
    await append(log, message("a"))

    assert await append(log, edit("a", 1), edit("b", 1), message("b")) == [(1, True), (2, False), (2, True)]
    assert await read_bodies(log) == {1: '"hello!"', 2: '"hello!"'}


async def test_s5_id_is_known_after_retention_removed_its_entry(open_again: OpenLog) -> None:
    now = time.time_ns() // 1_000_000
    log = await open_again(Retention(entries=2))
    (first,) = await log.append([message("a", at=now)])
    await append(log, *(message(str(n), at=now) for n in range(5)))
    (repeated,) = await log.append([message("a", at=now + 5)])

    assert isinstance(repeated, Appended)
    assert (repeated.entry.seq, repeated.entry.at, repeated.duplicate) == (1, now, True)
    assert repeated.entry.id == stored_entry(first).id
    assert repeated.entry.body is UNSET
    assert [entry.seq for entry in (await log.read("foo", after=0, limit=10)).entries] == [5, 6]


async def test_s5_id_is_known_after_the_log_was_reopened(open_again: OpenLog) -> None:
    log = await open_again()
    await append(log, message("a"))
    await log.close()

    assert await append(await open_again(), message("a"), message("b")) == [(1, True), (2, False)]


async def test_r5_log_keeps_its_id(open_again: OpenLog) -> None:
    first = await open_again()
    await first.close()

    assert (await open_again()).id == first.id
    assert 16 <= len(first.id) <= 64


async def test_f3_time_never_decreases_in_a_room(log: Log) -> None:
    stored = await log.append([message("a", at=5000), message("b", at=3000), message("c", item="bar", at=1)])
    stored += await log.append([message("d", at=4000), message("e", at=6000)])

    assert [stored_entry(outcome).at for outcome in stored] == [5000, 5000, 1, 5000, 6000]


async def test_r2_pages_after_a_seq_are_in_ascending_order(log: Log) -> None:
    await append(log, *(message(str(n)) for n in range(1, 26)))
    seqs: list[int] = []
    while page := (await log.read("foo", after=seqs[-1] if seqs else 0, limit=10)).entries:
        assert len(page) <= 10
        seqs += [entry.seq for entry in page]

    assert seqs == list(range(1, 26))


async def test_w1_pages_before_a_seq_and_the_latest_page_are_in_ascending_order(log: Log) -> None:
    await append(log, *(message(str(n)) for n in range(1, 26)))

    assert [entry.seq for entry in (await log.read("foo", before=19, limit=3)).entries] == [16, 17, 18]
    assert [entry.seq for entry in (await log.read("foo", before=3, limit=10)).entries] == [1, 2]
    assert [entry.seq for entry in (await log.read("foo", limit=3)).entries] == [23, 24, 25]
    assert (await log.read("foo", before=1, limit=3)).entries == []
    assert [entry.seq for entry in (await log.read("foo", before=2**53 - 1, limit=1)).entries] == [25]


async def test_r2_reading_after_the_head_returns_no_entries(log: Log) -> None:
    await append(log, message("a"))
    for after in (1, 2, 2**53 - 1):
        page = await log.read("foo", after=after, limit=10)
        assert (page.entries, page.oldest, page.head) == ([], 1, 1)


async def test_room_without_entries_is_empty(log: Log) -> None:
    for page in (await log.read("foo", limit=9), await log.read("foo", after=0, limit=9)):
        assert (page.entries, page.oldest, page.head) == ([], 1, 0)
    state = (await log.room_states(["foo"]))["foo"]
    assert (state.oldest, state.head, state.reads) == (1, 0, {})


@pytest.mark.parametrize("text", ["x" * 1000, "ñ" * 500])
async def test_page_is_bounded_by_bytes_and_holds_at_least_one_entry(log: Log, text: str) -> None:
    await append(log, *(message(str(n), text) for n in range(1, 11)))
    page_after = (await log.read("foo", after=2, limit=10, max_bytes=3100)).entries
    last = (await log.read("foo", limit=10, max_bytes=3100)).entries

    assert page_after[0].seq == 3
    assert last[-1].seq == 10
    assert 1 <= len(page_after) <= 3
    assert 1 <= len(last) <= 3
    assert all(later.seq == earlier.seq + 1 for earlier, later in pairwise([*page_after]))
    assert [entry.seq for entry in (await log.read("foo", after=4, limit=10, max_bytes=1)).entries] == [5]
    assert [entry.seq for entry in (await log.read("foo", before=5, limit=10, max_bytes=1)).entries] == [4]


async def test_l5_retention_keeps_the_last_entries(open_again: OpenLog) -> None:
    log = await open_again(Retention(entries=3))
    stored = await log.append([message(str(n)) for n in range(1, 3)])
    assert [outcome.oldest for outcome in stored if isinstance(outcome, Appended)] == [1, 1]
    stored = await log.append([message(str(n)) for n in range(3, 11)])

    assert {outcome.oldest for outcome in stored if isinstance(outcome, Appended)} == {8}
    page = await log.read("foo", after=0, limit=100)
    assert ([entry.seq for entry in page.entries], page.oldest, page.head) == ([8, 9, 10], 8, 10)
    assert (await log.room_states(["foo"]))["foo"].oldest == 8
    assert await append(log, edit("e", 2)) == ["invalid"]


async def test_l5_retention_keeps_the_last_days(open_again: OpenLog) -> None:
    now = time.time_ns() // 1_000_000
    log = await open_again(Retention(days=2))
    await append(log, message("old", at=now - 3 * DAY_MS), message("new", at=now - DAY_MS), message("now", at=now))
    page = await log.read("foo", after=0, limit=10)

    assert ([entry.seq for entry in page.entries], page.oldest, page.head) == ([2, 3], 2, 3)


async def test_l5_seqs_continue_after_retention_removed_all_entries(open_again: OpenLog) -> None:
    now = time.time_ns() // 1_000_000
    log = await open_again(Retention(days=2))
    await append(log, message("old", at=now - 3 * DAY_MS), message("older", at=now - 3 * DAY_MS))
    page = await log.read("foo", after=0, limit=10)
    assert (page.entries, page.oldest, page.head) == ([], 3, 2)

    assert await append(log, message("new", at=now)) == [(3, False)]


async def test_l5_internal_rooms_keep_all_entries(open_again: OpenLog) -> None:
    log = await open_again(Retention(entries=1, days=0.001))
    await append(log, *(message(str(n), item="!own") for n in range(5)))

    assert [entry.seq for entry in (await log.read("!own", after=0, limit=10)).entries] == [1, 2, 3, 4, 5]


async def test_concurrent_appends_and_reads_agree(log: Log) -> None:
    appends = [
        log.append([message(f"{n}-{number}", item=f"room{number % 3}") for number in range(20)]) for n in range(20)
    ]
    pages = await asyncio.gather(*(log.read(f"room{n % 3}", after=0, limit=500) for n in range(30)))
    stored = [outcome for batch in await asyncio.gather(*appends) for outcome in batch]

    for page in pages:
        assert [entry.seq for entry in page.entries] == list(range(1, page.head + 1))
    for room in range(3):
        final_page = await log.read(f"room{room}", after=0, limit=500)
        assert sorted(
            stored_entry(outcome).seq for outcome in stored if stored_entry(outcome) in final_page.entries
        ) == list(range(1, final_page.head + 1))
    assert sum([(await log.room_states([f"room{n}"]))[f"room{n}"].head for n in range(3)]) == 400


async def test_s3_closing_the_log_finishes_pending_appends(
    open_again: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_log, "_CLOSE_S", 60.0)  # long enough for a busy machine
    log = await open_again()
    appends = [asyncio.ensure_future(log.append([message(str(n))])) for n in range(50)]
    await log.close()
    stored = [stored_entry(outcome).seq for batch in await asyncio.gather(*appends) for outcome in batch]

    assert stored == list(range(1, 51))
    assert (await (await open_again()).room_states(["foo"]))["foo"].head == 50


@pytest.mark.parametrize("drafts", [[message("a")], [message("a"), message("a")], [edit("b", 1)], []])
async def test_io_pending_is_set_once_a_batch_has_outcomes(log: Log, drafts: list[Draft]) -> None:
    io_pending = asyncio.Event()
    await log.append(drafts, io_pending)
    assert io_pending.is_set()


async def test_s7_io_pending_is_set_even_if_the_log_is_unavailable(log: Log) -> None:
    await log.close()
    io_pending = asyncio.Event()
    with pytest.raises(LogUnavailableError):
        await log.append([message("a")], io_pending)
    assert io_pending.is_set()


async def test_empty_batches_have_empty_results(log: Log) -> None:
    assert await log.append([]) == []
    assert await log.move_read_marks([]) == []
    assert await log.room_states([]) == {}


async def test_s7_calls_after_closing_are_unavailable(log: Log) -> None:
    await log.close()
    await log.close()

    with pytest.raises(LogUnavailableError):
        await log.append([message("a")])
    with pytest.raises(LogUnavailableError):
        await log.read("foo", limit=1)


async def test_x9_bus_key_is_created_once_per_log(open_again: OpenLog, tmp_path: Path) -> None:
    first, second = await open_again(), await open_again()
    keys = await asyncio.gather(*(log.bus_key() for log in (first, second) * 5))
    other_log = await open_log(f"sqlite:///{tmp_path / 'other.db'}")
    other_key = await other_log.bus_key()
    await other_log.close()

    assert {keys[0]} == set(keys)
    assert len(keys[0]) == 32
    assert keys[0] != other_key
