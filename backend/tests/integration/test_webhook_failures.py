"""Test what the log and `alcove webhooks status` report of a failing webhook and of its recovery (K3)."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.commands import run_alcove
from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.servers import ON_ONE_CARRIER, Server, Start
from tests.support.webhook_receiver import Receiver

ADMIN = token(sub="admin", items={"*": "rwm"})
WORKS_AGAIN = "consumer webhook works again"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Run a receiver of webhooks."""
    async with Receiver() as receiver:
        yield receiver


async def send_messages(server: Server, *items: str) -> None:
    """Store a message in each of the items."""
    async with http(server, ADMIN) as client:
        for item in items:
            assert (await client.post(f"/api/items/{item}/entries", json={"body": "hello"})).status_code == 201


def webhook_log_lines(server: Server) -> list[str]:
    """Return the messages of the log about the webhook, without times and levels."""
    return [re.sub(r".*(?=consumer webhook)", "", line) for line in server.lines if "consumer webhook" in line]


@ON_ONE_CARRIER
async def test_k3_failures_log_one_warning_and_one_line_on_recovery(serve: Start, receiver: Receiver) -> None:
    server = serve(ALCOVE_SECRET=SECRET, **receiver.env)
    receiver.respond = lambda _: 500
    await send_messages(server, "foo")
    await receiver.wait_for(lambda: len(receiver.refused) == 3)
    receiver.respond = lambda _: 204
    await asyncio.to_thread(server.wait_for_line, WORKS_AGAIN)

    assert webhook_log_lines(server) == [
        "consumer webhook fails, and is called again: HTTP 500, for entry 1 of item foo (alcove webhooks status)",
        WORKS_AGAIN,
    ]


@ON_ONE_CARRIER
async def test_k3_log_and_status_report_a_refused_connection(serve: Start, receiver: Receiver, tmp_path: Path) -> None:
    server = serve(ALCOVE_SECRET=SECRET, **receiver.env)
    await receiver.stop()
    await send_messages(server, "foo")
    await asyncio.to_thread(
        server.wait_for_line, "consumer webhook fails.*: connection refused, for entry 1 of item foo"
    )
    code, output = 0, ""
    while "foo entry" not in output:
        code, output, _ = await run_alcove(tmp_path, "webhooks", "status", "--url", server.url)
    await receiver.start()
    await asyncio.to_thread(server.wait_for_line, WORKS_AGAIN)

    assert code == 0
    assert re.fullmatch(
        r"webhook: 1 entry of 1 item to deliver; failing\n"
        r"  foo entry 1: connection refused, (1 attempt|\d+ attempts) since \S+, repeated\n",
        output,
    )


@ON_ONE_CARRIER
async def test_k3_items_of_a_disabled_webhook_are_reported_as_not_repeated(
    serve: Start, receiver: Receiver, tmp_path: Path
) -> None:
    server = serve(ALCOVE_SECRET=SECRET, **receiver.env)
    receiver.respond = lambda received: 500 if received.item == "bad" else 410
    await send_messages(server, "bad")
    while "bad entry" not in (await run_alcove(tmp_path, "webhooks", "status", "--url", server.url))[1]:
        pass
    await send_messages(server, "gone")
    await asyncio.to_thread(server.wait_for_line, "consumer webhook is disabled")
    code, output, _ = await run_alcove(tmp_path, "webhooks", "status", "--url", server.url)
    receiver.respond = lambda _: 204
    assert (await run_alcove(tmp_path, "webhooks", "retry", "--url", server.url))[1] == "delivered again: 1 item\n"
    await asyncio.to_thread(server.wait_for_line, WORKS_AGAIN)

    assert code == 1
    first, *others = output.splitlines()
    assert first == "webhook: 2 entries of 2 items to deliver; disabled: the receiver answered 410"
    assert [re.sub(r", \d+ attempts? since \S+, ", "; ", line) for line in others] == [
        "  bad entry 1: HTTP 500; not repeated while disabled"
    ]
    server.lines.clear()  # the expected error must not fail the test
