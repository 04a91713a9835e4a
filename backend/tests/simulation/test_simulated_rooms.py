"""Test that every client's view is a prefix of the log, in seeded simulations of clients and storage (R, D, S, P).

`ALCOVE_SEEDS` is the number of seeds to run, `ALCOVE_SEED` runs one alone; a failing test names its seed.
"""

import asyncio
import os
from collections import Counter

import pytest

from alcove.limits import Retention
from alcove.rooms import history, opening, readers
from tests.support.simulation import ITEMS, Simulation, Weights
from tests.support.storm import depth, storm
from tests.support.virtual_time import VirtualTimeLoop

STEPS = 1500
SEEDS = (
    [int(os.environ["ALCOVE_SEED"])]
    if "ALCOVE_SEED" in os.environ
    else range(int(os.environ.get("ALCOVE_SEEDS", depth(3, 40))))
)
SCENARIOS = {
    "calm": (Weights(), None),
    "retention": (Weights(), Retention(entries=12)),
    "faults": (Weights(fault=0.05), None),
    "faults and retention": (Weights(fault=0.15, disconnect=6, connect=12), Retention(entries=12)),
    "slow readers": (Weights(read=6, send=30), None),
    "rooms that come and go": (Weights(connect=5, disconnect=8, post=15, fault=0.03), None),
    "slow storage": (Weights(perform=8, resolve=8), None),
}


@pytest.fixture(autouse=True)
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reduce the sizes of a frame, a page and a buffer, so that few entries fill them."""
    monkeypatch.setattr(readers, "FRAME_BYTES", 500)
    monkeypatch.setattr(history, "FRAME_BYTES", 500)
    monkeypatch.setattr(readers, "UNCHECKED_BYTES", 800)
    monkeypatch.setattr(history, "_PAGE_ENTRIES", 5)
    monkeypatch.setattr(opening, "FRAME_BYTES", 1200)
    monkeypatch.setattr(opening, "_WARM_ENTRIES", 6)


async def run_simulation(seed: int, weights: Weights, retention: Retention | None, steps: int) -> None:
    """Run a simulation until nothing is pending, and assert that clients and storage agree."""
    simulation = Simulation(seed, weights, retention)
    for _ in range(steps):
        await simulation.step()
    simulation.weights.fault = 0
    await simulation.settle()
    for reader in simulation.alive:
        assert reader.seq == simulation.log.store.room_states([reader.item])[reader.item].head, (
            "D1: expected every client to have caught up"
        )
        members = {connected.person.id for connected in simulation.alive if connected.item == reader.item}
        assert (reader.members, reader.member_count) == (members, len(members)), "P1: expected the connected members"
        assert reader.read_marks == simulation.log.store.room_states([reader.item])[reader.item].reads, (
            "P5: expected the stored marks"
        )

    for reader in list(simulation.alive):
        simulation.leave(reader)
    await simulation.send_outboxes()
    stored = sum((simulation.log_of(item) for item in ITEMS), Counter[tuple[str, str, str]]())
    assert set(stored.values()) <= {1}, "S5: expected no send to be stored twice"
    assert not simulation.refused & set(stored), "S6: expected no refused send to be stored"
    if retention is None:
        assert set(simulation.acked) == set(stored), "S3: expected exactly the acknowledged sends to be stored"

    assert simulation.hub._rooms.all() == [], "expected no empty room in memory"
    assert simulation.hub.connections == 0
    await simulation.hub.close()
    await simulation.log.close()


@storm
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_r3_d1_d3_s2_s3_s4_s5_s7_s9_p1_p5_every_view_is_a_prefix_of_the_log(
    name: str, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    print(f"ALCOVE_SEED={seed} pytest -k '{name}'")  # noqa: T201 - pytest shows it with a failure, to repeat it
    weights, retention = SCENARIOS[name]
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(run_simulation(seed, Weights(**vars(weights)), retention, STEPS))

    assert [record.getMessage() for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}] == []
