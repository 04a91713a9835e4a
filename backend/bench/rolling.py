"""Measure a rolling restart of a cluster under load: losses, faults, and the times of reconnections (Z1)."""

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
#: Seconds between two sends of a user.
_PAUSE_S = 2.0
#: Seconds over which a process that stops spreads the reconnections of its users.
_DRAIN_S = 5.0
_TIMEOUT_S = 120.0


async def _wait_for_line(output: asyncio.StreamReader, pattern: str) -> re.Match[str]:
    """Wait for the next line that matches the pattern, and return the match."""
    while line := (await output.readline()).decode(errors="replace"):
        if match := re.search(pattern, line):
            return match
    raise RuntimeError(f"the cluster ended before it printed {pattern!r}")


async def _wait_until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, checking it every 50 ms."""
    while not condition():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.05)


def _is_settled(users: list[User]) -> bool:
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
            port = int((await _wait_for_line(cluster.stdout, r"processes behind http://127\.0\.0\.1:(\d+)"))[1])
            users = [User(number, port, f"rolling-{number % _ROOMS}") for number in range(_USERS)]
            stop_sending = asyncio.Event()
            tasks = [asyncio.create_task(user.stay(_PAUSE_S, stop_sending)) for user in users]
            restart = asyncio.create_task(_wait_for_line(cluster.stdout, "every process is restarted"))
            await _wait_until(lambda: all(user.acked for user in users))
            start = time.monotonic()
            cluster.send_signal(signal.SIGHUP)
            await restart
            elapsed_s = time.monotonic() - start
            stop_sending.set()
            # A pattern that matches no line, so that the output is read and discarded.
            discard_output = asyncio.create_task(_wait_for_line(cluster.stdout, "$^"))
            await _wait_until(lambda: _is_settled(users))
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            discard_output.cancel()
    finally:
        cluster.send_signal(signal.SIGINT)
        await cluster.communicate()
    return _format_results(users, elapsed_s), sum(len(user.faults) for user in users)


def _format_results(users: list[User], elapsed_s: float) -> str:
    acked = sum(len(user.acked) for user in users)
    duplicates = acked - len({(n % _ROOMS, seq) for n, user in enumerate(users) for seq in user.acked.values()})
    stored = sum(users[room].head for room in range(_ROOMS))
    faults = sum(len(user.faults) for user in users)
    refused = sum(user.refused for user in users)
    summary = (
        f"Rolling restart of three processes in {elapsed_s:.0f} s, {_USERS} users in {_ROOMS} rooms, {acked:,} sends: "
        f"{stored - acked} lost, {duplicates} stored twice, {faults} faults noticed, {refused} attempts refused."
    )
    lines = [summary]
    for number, reconnections in enumerate(_group_by_process(users), 1):
        first_bye = reconnections[0][0]
        tenths = Counter(int((returned - first_bye) / _DRAIN_S * 10) for _, returned in reconnections)
        shares = " ".join(f"{tenths[tenth] / len(reconnections):.0%}" for tenth in range(max(tenths) + 1))
        max_share = max(tenths.values()) / len(users)
        lines.append(
            f"- process {number}: {len(reconnections)} users reconnected, by tenth of the drain time {shares}; "
            f"at most {max_share:.1%} of all users in one tenth"
        )
    return "\n".join([*lines, ""])


def _group_by_process(users: list[User]) -> list[list[tuple[float, float]]]:
    """Return the times of `bye` and of the next `hello` of each reconnection, grouped by the process that stopped.

    Processes restart seconds apart, and each sends its `bye` lines together.
    """
    times = sorted(pair for user in users for pair in zip(user.bye_times, user.return_times, strict=True))
    groups: list[list[tuple[float, float]]] = [[]]
    for previous, current in pairwise([(0.0, 0.0), *times]):
        if groups[-1] and current[0] - previous[0] > 1:
            groups.append([])
        groups[-1].append(current)
    return groups
