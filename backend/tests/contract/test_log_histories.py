"""Test the contract of logs: the id of a room's history, and what happens when entries are lost (R5, X8)."""

from alcove.storage.base import Appended, Draft, Log, Outcome, Position, RoomReadMark
from tests.support.drafts import append, message, read_bodies
from tests.support.storage import OpenLog, execute, lose_tail


async def append_entries(log: Log, *drafts: Draft, positions: dict[str, Position] | None = None) -> list[Appended]:
    """Append a batch, of which nothing may be refused; `positions` are the last ones that the process knows."""
    outcomes: list[Outcome] = await log.append(drafts, None, positions)
    appended = [outcome for outcome in outcomes if isinstance(outcome, Appended)]
    assert len(appended) == len(drafts)
    return appended


async def test_r5_new_room_has_the_history_of_the_database(log: Log) -> None:
    (appended,) = await append_entries(log, message("a"))
    rooms = await log.room_states(["foo", "empty"])

    assert {appended.log, rooms["foo"].log, rooms["empty"].log} == {log.id}
    assert {log.id} == {(await log.read(item, limit=1)).log for item in ("foo", "empty")}
    assert await log.verify_history("foo", Position(log.id, 1, 1000)) == log.id
    assert await log.verify_history("empty", Position(log.id, 0, None)) == log.id


async def test_x8_send_to_a_room_with_lost_entries_starts_a_new_history(log: Log, storage: str) -> None:
    await append(log, *(message(str(n)) for n in range(4)), message("0", item="bar"))
    await lose_tail(storage, "foo", 2)
    positions = {"foo": Position(log.id, 4, 1000), "bar": Position(log.id, 1, 1000)}
    first, second, in_bar = await append_entries(
        log, message("4"), message("3"), message("1", item="bar"), positions=positions
    )

    assert (first.entry.seq, second.entry.seq, in_bar.entry.seq) == (3, 4, 2)
    assert not second.duplicate
    assert log.id not in {first.log} == {second.log, (await log.read("foo", limit=1)).log}
    assert (await log.room_states(["foo"]))["foo"].log == first.log
    assert log.id == in_bar.log == (await log.room_states(["bar"]))["bar"].log


async def test_x8_loss_is_detected_after_the_seq_was_reused(log: Log, storage: str) -> None:
    await append(log, *(message(str(n), at=1000 + n) for n in range(4)))
    await lose_tail(storage, "foo", 2)
    await append(log, *(message(f"other {n}", at=2000 + n) for n in range(3)))
    (appended,) = await append_entries(log, message("4", at=3000), positions={"foo": Position(log.id, 4, 1003)})

    assert appended.entry.seq == 6
    assert appended.log != log.id


async def test_x8_repeated_send_detects_the_loss(log: Log, storage: str) -> None:
    await append(log, *(message(str(n)) for n in range(4)))
    await lose_tail(storage, "foo", 2)
    repeated, new = await append_entries(log, message("1"), message("4"), positions={"foo": Position(log.id, 4, 1000)})

    assert (repeated.duplicate, repeated.entry.seq, new.duplicate, new.entry.seq) == (True, 2, False, 3)
    assert log.id not in {repeated.log} == {new.log}


async def test_x8_one_of_two_processes_renews_the_history(open_again: OpenLog, storage: str) -> None:
    first_log, second_log = await open_again(), await open_again()
    await append(first_log, *(message(str(n)) for n in range(4)))
    await lose_tail(storage, "foo", 2)
    renewed = await first_log.verify_history("foo", Position(first_log.id, 4, 1000))

    assert first_log.id != renewed
    assert await second_log.verify_history("foo", Position(second_log.id, 4, 1000)) == renewed
    (appended,) = await append_entries(second_log, message("new"), positions={"foo": Position(second_log.id, 4, 1000)})
    assert appended.log == renewed
    assert await first_log.verify_history("foo", Position(renewed, 3, 1000)) == renewed


async def test_x8_completely_lost_room_gets_a_new_history(log: Log, storage: str) -> None:
    await append(log, message("a"))
    await lose_tail(storage, "foo", 0)
    await execute(storage, "DELETE FROM alcove.rooms")
    renewed = await log.verify_history("foo", Position(log.id, 1, 1000))

    assert log.id != renewed
    assert ((await log.read("foo", limit=1)).head, (await log.room_states(["foo"]))["foo"].log) == (0, renewed)


async def test_x8_new_history_contains_no_ids_and_marks_of_lost_entries(log: Log, storage: str) -> None:
    """A partial restore may leave ids and marks of lost entries, which would make members miss new entries."""
    await append(log, *(message(str(n)) for n in range(4)))
    await log.move_read_marks([RoomReadMark("foo", "ada", 4), RoomReadMark("foo", "bob", 1)])
    await execute(storage, "UPDATE alcove.rooms SET head = 2")
    (appended,) = await append_entries(log, message("3", "sent again"), positions={"foo": Position(log.id, 4, 1000)})

    assert (appended.entry.seq, appended.duplicate) == (3, False)
    assert await read_bodies(log) == {1: '"hello"', 2: '"hello"', 3: '"sent again"'}
    assert (await log.room_states(["foo"]))["foo"].reads == {"ada": 2, "bob": 1}


async def test_r5_entries_removed_by_retention_do_not_count_as_lost(log: Log, storage: str) -> None:
    await append(log, *(message(str(n)) for n in range(4)))
    await execute(storage, "DELETE FROM alcove.entries", "UPDATE alcove.rooms SET oldest = 5")
    (appended,) = await append_entries(log, message("4"), positions={"foo": Position(log.id, 4, 1000)})

    assert (appended.entry.seq, appended.log) == (5, log.id)
