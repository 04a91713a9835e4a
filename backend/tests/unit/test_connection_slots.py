"""Test the counting of connections, per process and per member (L3), and their refusal during the drain (Z1)."""

import pytest

from alcove.errors import Close, Refusal
from alcove.limits import ProcessLimits
from alcove.rooms.admission import Admission


def create_admission(connections: int = 3, member_connections: int = 2, *, in_room: int = 0) -> Admission:
    """Create an admission that counts `in_room` connections of every member to each room."""
    process_limits = ProcessLimits(connections=connections, member_connections=member_connections)
    return Admission(process_limits, lambda _member, _item: in_room)


def test_l3_a_released_slot_admits_another_connection_once() -> None:
    admission = create_admission(connections=1)
    slot = admission.admit_to_room()
    with pytest.raises(Refusal) as refusal:
        admission.admit_to_room()
    assert refusal.value.close_code == Close.AT_CAPACITY
    assert refusal.value.retry_ms

    slot.release()
    slot.release()
    assert len(admission) == 0
    admission.admit_to_room()
    assert len(admission) == 1


def test_l3_a_slot_is_released_if_its_block_raises() -> None:
    admission = create_admission()
    with pytest.raises(LookupError), admission.admit_to_room():
        raise LookupError
    assert len(admission) == 0

    with admission.admit_to_room():
        pass
    assert len(admission) == 1


def test_l3_other_connections_of_a_member_count_per_item() -> None:
    admission = create_admission(connections=10)
    first, _ = admission.admit_other("ada", "foo"), admission.admit_other("ada", "foo")
    with pytest.raises(Refusal) as refusal:
        admission.check_other("ada", "foo")
    assert refusal.value.close_code == Close.TOO_MANY
    with pytest.raises(Refusal):
        admission.admit_other("ada", "foo")
    assert len(admission) == 2

    admission.admit_other("ada", "bar")
    admission.admit_other("ada", None)
    admission.admit_other("bob", "foo")
    first.release()
    admission.admit_other("ada", "foo")
    assert len(admission) == 5


def test_l3_room_and_other_connections_count_together() -> None:
    admission = create_admission(in_room=1)
    admission.check_member("ada", "foo")
    admission.admit_other("ada", "foo")
    with pytest.raises(Refusal):
        admission.check_member("ada", "foo")
    admission.check_member("ada", None)


def test_l3_open_mode_counts_other_connections_only_per_process() -> None:
    admission = create_admission(member_connections=1)
    slots = [admission.admit_other(None, None) for _ in range(3)]
    with pytest.raises(Refusal) as refusal:
        admission.check_other(None, None)
    assert refusal.value.close_code == Close.AT_CAPACITY

    for slot in slots:
        slot.release()
    assert len(admission) == 0


def test_z1_a_draining_process_admits_no_connection() -> None:
    admission = create_admission()
    admission.start_draining()

    for admit in (admission.admit_to_room, lambda: admission.admit_other("ada", "foo"), admission.check_not_draining):
        with pytest.raises(Refusal) as refusal:
            admit()
        assert refusal.value.close_code == Close.RESTART
        assert refusal.value.retry_ms
    assert (len(admission), admission.draining) == (0, True)
