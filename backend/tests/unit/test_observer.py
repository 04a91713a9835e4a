"""Test that an observer gets every entry in order, whatever the room missed (R3, D1)."""

from collections.abc import Sequence

from msgspec import UNSET

from alcove.limits import Retention
from alcove.protocol import Entry
from tests.support.memory_rooms import Reader, RoomLog, entries
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time


class RecordingObserver:
    """An observer, and the batches of entries that it got."""

    def __init__(self, storage: RoomLog, seq: int = 0) -> None:
        self.batches: list[list[Entry]] = []
        storage.rooms["foo"].observe(seq, self._take)

    @property
    def seqs(self) -> list[int]:
        """The seqs of the entries in order of arrival."""
        return [entry.seq for batch in self.batches for entry in batch]

    def _take(self, batch: Sequence[Entry]) -> None:
        self.batches.append(list(batch))


@virtual_time
async def test_d1_an_observer_reads_the_log_and_then_gets_deliveries() -> None:
    storage = RoomLog()
    storage.write("a", "b")
    room = storage.room()
    observer = RecordingObserver(storage)
    await storage.run_calls()
    assert observer.seqs == [1, 2]

    room.deliver(storage.write("c", "d"), 1)
    assert observer.seqs == [1, 2, 3, 4]
    storage.close()


@virtual_time
async def test_r3_a_delivery_waits_until_the_log_is_read() -> None:
    storage = RoomLog()
    storage.write("a", "b")
    room = storage.room()
    observer = RecordingObserver(storage)
    await run_turns()
    room.deliver(storage.write("c"), 1)
    assert observer.seqs == []

    await storage.run_calls()
    assert observer.seqs == [1, 2, 3]
    storage.close()


@virtual_time
async def test_x2_undelivered_entries_are_read_from_the_log() -> None:
    storage = RoomLog()
    room = storage.room()
    observer = RecordingObserver(storage)
    storage.write("a", "b")
    room.advance(2)
    await storage.run_calls()
    room.deliver(storage.write("c"), 1)

    assert observer.seqs == [1, 2, 3]
    storage.close()


@virtual_time
async def test_r4_an_observer_skips_entries_removed_by_retention() -> None:
    storage = RoomLog(Retention(entries=2))
    storage.write("a", "b", "c", "d")
    room = storage.room()
    observer = RecordingObserver(storage)
    await storage.run_calls()
    assert observer.seqs == [3, 4]

    room.deliver(entries(5), 4)
    assert observer.seqs == [3, 4, 5]
    storage.close()


@virtual_time
async def test_s9_an_observer_gets_no_body_deleted_during_its_read() -> None:
    storage = RoomLog()
    (message,) = storage.write("a")
    room = storage.room()
    observer = RecordingObserver(storage)
    await run_turns()
    storage.log.pending_calls[0].perform()  # the page is read before the delete
    room.deliver([Entry(2, "delete", "x", message.by, 7, 1)], 1)
    storage.log.resolve(storage.log.pending_calls[0])
    await run_turns()

    assert (observer.batches[0][0].seq, observer.batches[0][0].deleted, observer.batches[0][0].body) == (1, 7, UNSET)
    storage.close()


@virtual_time
async def test_s7_an_observer_continues_when_the_log_recovers() -> None:
    storage = RoomLog()
    storage.write("a")
    storage.room()
    observer = RecordingObserver(storage)
    await storage.fail()
    assert observer.seqs == []

    await elapse(0.1)  # the delay after the first failure
    await storage.run_calls()
    assert observer.seqs == [1]
    storage.close()


@virtual_time
async def test_p1_an_observer_is_neither_a_member_nor_a_connection() -> None:
    storage = RoomLog()
    room = storage.room()
    RecordingObserver(storage)
    Reader(room)

    assert (len(room), len(room.presence)) == (1, 1)
    storage.close()


@virtual_time
async def test_an_observer_of_a_closed_room_gets_nothing() -> None:
    storage = RoomLog()
    storage.write("a")
    room = storage.room()
    observer = RecordingObserver(storage)
    await run_turns()
    room.close()
    await storage.run_calls()

    assert observer.seqs == []


@virtual_time
async def test_several_observers_each_keep_their_position() -> None:
    storage = RoomLog()
    storage.write("a", "b", "c")
    storage.room()
    first, second = RecordingObserver(storage), RecordingObserver(storage, seq=2)
    await storage.run_calls()

    assert (first.seqs, second.seqs) == ([1, 2, 3], [3])
    storage.close()
