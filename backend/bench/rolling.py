"""Measure a rolling restart of a cluster under load: losses, faults, and how users reconnect over time (Z1)."""

import asyncio
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from bench.peers.base import BACKEND
from bench.users import User

_USERS = 300
_ROOMS = 30
#: Seconds between two sends of a user, and over which a draining process spreads reconnections.
_PAUSE_S = 2.0
_DRAIN_S = 5.0
_TIMEOUT_S = 120.0


async def _line(output: asyncio.StreamReader, pattern: str) -> re.Match[str]:
    """Return the match of the next line that matches."""
    while line := (await output.readline()).decode(errors="replace"):
        if match := re.search(pattern, line):
            return match
    raise RuntimeError(f"the cluster ended before it printed {pattern!r}")


async def _eventually(holds: Callable[[], bool]) -> None:
    """Wait until the condition holds; check it every 50 ms."""
    while not holds():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.05)


def _settled(users: list[User]) -> bool:
    """Return whether all sends are acknowledged, and all users of a room have the same head."""
    return not any(user.unacked for user in users) and all(
        len({user.head for user in users[room::_ROOMS]}) == 1 for room in range(_ROOMS)
    )


async def measure() -> tuple[str, int]:
    """Run the restart; return the text of the results, and the number of faults that users noticed."""
    cluster = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.cluster", "--port", "0"),
        cwd=BACKEND,
        env={
            **os.environ,
            "ALCOVE_DRAIN_S": f"{_DRAIN_S:g}",
            "ALCOVE_SENDS_PER_S": "0",
            "ALCOVE_HANDSHAKES_PER_S": "0",
            "PYTHONUNBUFFERED": "1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert cluster.stdout is not None
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            port = int((await _line(cluster.stdout, r"processes behind http://127\.0\.0\.1:(\d+)"))[1])
            users = [User(number, port, f"rolling-{number % _ROOMS}") for number in range(_USERS)]
            stop_sending = asyncio.Event()
            tasks = [asyncio.create_task(user.stay(_PAUSE_S, stop_sending)) for user in users]
            restarted = asyncio.create_task(_line(cluster.stdout, "every process is restarted"))
            await _eventually(lambda: all(user.acked for user in users))
            start = time.monotonic()
            cluster.send_signal(signal.SIGHUP)
            await restarted
            elapsed_s = time.monotonic() - start
            stop_sending.set()
            discarding_output = asyncio.create_task(_line(cluster.stdout, "$^"))
            await _eventually(lambda: _settled(users))
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            discarding_output.cancel()
    finally:
        cluster.send_signal(signal.SIGINT)
        await cluster.communicate()
    return _text(users, elapsed_s), sum(len(user.faults) for user in users)


def _text(users: list[User], took_s: float) -> str:
    acked = sum(len(user.acked) for user in users)
    doubled = acked - len({(n % _ROOMS, seq) for n, user in enumerate(users) for seq in user.acked.values()})
    heads = sum(users[room].head for room in range(_ROOMS))
    byes = sorted((bye, back) for user in users for bye, back in zip(user.byes, user.returns, strict=True))
    # Processes restart seconds apart, and each sends all its `bye` lines at once.
    waves: list[list[tuple[float, float]]] = [[]]
    for before, now in pairwise([(0.0, 0.0), *byes]):
        if waves[-1] and now[0] - before[0] > 1:
            waves.append([])
        waves[-1].append(now)
    faults, refused = sum(len(user.faults) for user in users), sum(user.refused for user in users)
    summary = (
        f"Rolling restart of three processes in {took_s:.0f} s, {_USERS} users in {_ROOMS} rooms, {acked:,} sends: "
        f"{heads - acked} lost, {doubled} doubled, {faults} faults noticed, {refused} attempts refused."
    )
    lines = [summary]
    for number, wave in enumerate(waves, 1):
        tenths = Counter(int((back - wave[0][0]) / _DRAIN_S * 10) for _, back in wave)
        shares = [tenths[tenth] / len(wave) for tenth in range(max(tenths) + 1)]
        spread = " ".join(f"{share:.0%}" for share in shares)
        most = max(tenths.values()) / len(users)
        lines.append(
            f"- process {number}: {len(wave)} users came back, by tenth of the drain time {spread}; "
            f"the most in one tenth are {most:.1%} of all users"
        )
    return "\n".join([*lines, ""])
