"""Test the counting of connections, per process and per member (L3), and their refusal during the drain (Z1)."""

import pytest

from alcove.errors import Close, Refusal
from alcove.limits import ProcessLimits
from alcove.rooms.admission import Admission


def admission(connections: int = 3, member_connections: int = 2, *, in_room: int = 0) -> Admission:
    """Create an admission; every member has `in_room` connections to each room."""
    process_limits = ProcessLimits(connections=connections, member_connections=member_connections)
    return Admission(process_limits, lambda _member, _item: in_room)


def test_l3_a_released_slot_admits_another_connection_once() -> None:
    counted = admission(connections=1)
    slot = counted.admit()
    with pytest.raises(Refusal) as refused:
        counted.admit()
    assert refused.value.close == Close.AT_CAPACITY
    assert refused.value.retry_ms

    slot.release()
    slot.release()
    assert len(counted) == 0
    counted.admit()
    assert len(counted) == 1


def test_l3_a_slot_whose_block_raises_is_released_and_any_other_is_kept() -> None:
    counted = admission()
    with pytest.raises(LookupError), counted.admit():
        raise LookupError
    assert len(counted) == 0

    with counted.admit():
        pass
    assert len(counted) == 1


def test_l3_a_members_connections_beside_rooms_count_per_item() -> None:
    counted = admission(connections=10)
    first, _ = counted.admit_other("ada", "foo"), counted.admit_other("ada", "foo")
    with pytest.raises(Refusal) as refused:
        counted.check("ada", "foo")
    assert refused.value.close == Close.TOO_MANY
    with pytest.raises(Refusal):
        counted.admit_other("ada", "foo")
    assert len(counted) == 2

    counted.admit_other("ada", "bar")
    counted.admit_other("ada", None)
    counted.admit_other("bob", "foo")
    first.release()
    counted.admit_other("ada", "foo")
    assert len(counted) == 5


def test_l3_a_members_connections_to_the_room_count_with_those_beside_it() -> None:
    counted = admission(in_room=1)
    counted.check_member("ada", "foo")
    counted.admit_other("ada", "foo")
    with pytest.raises(Refusal):
        counted.check_member("ada", "foo")
    counted.check_member("ada", None)


def test_l3_in_open_mode_connections_beside_rooms_count_for_the_process_alone() -> None:
    counted = admission(member_connections=1)
    slots = [counted.admit_other(None, None) for _ in range(3)]
    with pytest.raises(Refusal) as refused:
        counted.check(None, None)
    assert refused.value.close == Close.AT_CAPACITY

    for slot in slots:
        slot.release()
    assert len(counted) == 0


def test_z1_a_draining_process_admits_no_connection() -> None:
    counted = admission()
    counted.stop()

    for admit in (counted.admit, lambda: counted.admit_other("ada", "foo"), counted.check_open):
        with pytest.raises(Refusal) as refused:
            admit()
        assert refused.value.close == Close.RESTART
        assert refused.value.retry_ms
    assert (len(counted), counted.draining) == (0, True)
