"""Test that entries arriving in any order leave the buffer once, in the order of the log (X2)."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from alcove.cluster.reorder import ReorderBuffer
from tests.support.memory_rooms import entries, seqs

#: The maximum number of entries in a buffer.
CAPACITY = 4096

#: Batches as processes publish them: dense runs of seqs from 1 to 30, in any order, some more than once.
runs = st.tuples(st.integers(1, 30), st.integers(1, 6)).map(lambda run: range(run[0], min(31, run[0] + run[1])))


def test_x2_entries_leave_in_order_when_the_missing_ones_arrive() -> None:
    buffer = ReorderBuffer()
    buffer.add(entries(3, 4), oldest=1)
    assert buffer.take(1) == []

    buffer.add(entries(2), oldest=1)
    assert seqs(buffer.take(1)) == [2, 3, 4]
    assert buffer.take(4) == []


def test_x2_entries_after_a_second_gap_wait_until_it_is_filled() -> None:
    buffer = ReorderBuffer()
    buffer.add(entries(2, 4), oldest=1)

    assert seqs(buffer.take(1)) == [2]
    buffer.add(entries(3), oldest=1)
    assert seqs(buffer.take(2)) == [3, 4]


def test_x2_an_empty_buffer_has_nothing_to_take() -> None:
    buffer = ReorderBuffer()

    assert (buffer.take(0), buffer.reported_head, buffer.oldest) == ([], 0, 1)


def test_x2_the_highest_seq_stays_known_after_its_entry_was_taken() -> None:
    buffer = ReorderBuffer()
    buffer.add(entries(5), oldest=1)
    buffer.add(entries(2, 3), oldest=1)
    assert buffer.reported_head == 5

    buffer.take(4)
    assert buffer.reported_head == 5


def test_r4_the_oldest_kept_entry_only_moves_forward() -> None:
    buffer = ReorderBuffer()
    buffer.add(entries(9), oldest=4)
    buffer.add(entries(8), oldest=2)

    assert buffer.oldest == 4


def test_x2_a_full_buffer_still_knows_the_head() -> None:
    """The buffer is bounded: entries beyond the bound are read from the log."""
    buffer = ReorderBuffer()
    buffer.add(entries(*range(2, 6002)), oldest=1)
    batch = buffer.take(1)

    assert seqs(batch) == list(range(2, 2 + CAPACITY))
    assert buffer.reported_head == 6001


def test_x2_entries_already_in_the_room_are_removed() -> None:
    """A room that was advanced past held entries never takes them; they must not fill the buffer."""
    buffer = ReorderBuffer()
    buffer.add(entries(*range(2, 2 + CAPACITY)), oldest=1)
    assert buffer.take(5000) == []

    buffer.add(entries(5001), oldest=1)
    assert seqs(buffer.take(5000)) == [5001]


@given(st.lists(runs, max_size=25), st.permutations(range(1, 31)))
def test_x2_entries_in_any_order_are_delivered_once_and_in_order(
    batches: Sequence[range], repeated: Sequence[int]
) -> None:
    """Batches arrive twice, overlapping and in any order; at the end each entry arrives alone, in any order."""
    buffer = ReorderBuffer()
    delivered: list[int] = []
    arrived: set[int] = set()
    for batch in [*batches, *([seq] for seq in repeated)]:
        buffer.add(entries(*batch), oldest=1)
        arrived.update(batch)
        delivered += seqs(buffer.take(len(delivered)))

        assert delivered == list(range(1, len(delivered) + 1))
        assert len(delivered) + 1 not in arrived, "expected the next entry in order to be delivered at once"
        assert max(arrived) == buffer.reported_head

    assert delivered == list(range(1, 31))
