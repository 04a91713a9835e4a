"""Test that no client loses or repeats an entry while all processes behind the proxy are restarted (Z1)."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bench.users import User
from tests.support.clients import eventually
from tests.support.http import http
from tests.support.nginx import needs_nginx
from tests.support.room_client import read_log
from tests.support.servers import Server, without_problems
from tests.support.storm import depth, storm

BACKEND = Path(__file__).parents[2]
USER_COUNT = depth(12, 60)


@storm
@needs_nginx
async def test_z1_x3_rolling_restart_loses_no_entry_and_refuses_no_client() -> None:
    cluster = Server(
        [sys.executable, "-m", "deploy.cluster", "--port", "0"],
        ready=r"processes behind http://127\.0\.0\.1:(?P<port>\d+)",
        cwd=BACKEND,
        env={"ALCOVE_DRAIN_S": "1", "ALCOVE_SENDS_PER_S": "0"},
    )
    with without_problems(cluster):
        users = [User(number, cluster.port, "rolling") for number in range(USER_COUNT)]
        stop_sending = asyncio.Event()
        user_tasks = [asyncio.create_task(user.stay(0.1, stop_sending)) for user in users]
        await eventually(lambda: all(user.acked for user in users))
        os.kill(cluster.pid, signal.SIGHUP)
        await asyncio.to_thread(cluster.wait_for_line, "every process is restarted")
        stop_sending.set()
        await eventually(lambda: not any(user.unacked for user in users))
        async with http(cluster) as client:
            log = await read_log(client, "rolling")
        await eventually(lambda: all(user.head == len(log) for user in users))
        for task in user_tasks:
            task.cancel()
        await asyncio.wait(user_tasks)

    acked = {id_: seq for user in users for id_, seq in user.acked.items()}
    assert {entry["id"]: entry["seq"] for entry in log} == acked
    assert [entry["seq"] for entry in log] == [*range(1, len(log) + 1)]
    assert [fault for user in users for fault in user.faults] == []
    assert sum(user.refused for user in users) == 0
    assert sum(len(user.bye_times) for user in users) >= USER_COUNT, (
        "expected a `bye` for each user, because every process was restarted"
    )
