"""Test that a process applies the revocations in the log (A7)."""

import asyncio
from pathlib import Path

import pytest
from msgspec import Raw

from alcove.access.revocations import OPERATOR, REVOCATIONS_ITEM, Revocation, Revocations
from alcove.errors import Refusal
from alcove.limits import Retention
from alcove.protocol import Limits
from alcove.rooms.hub import Hub
from alcove.storage.base import Draft
from alcove.storage.sqlite.log import SqliteLog


@pytest.mark.parametrize("body", [b'{"at":"yesterday"}', b"[1]", b'"text"'])
async def test_a7_an_entry_that_is_not_a_revocation_is_logged_and_skipped(
    body: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = await SqliteLog.open(tmp_path / "log.db", Retention())
    await log.append([Draft(REVOCATIONS_ITEM, "message", "stored before", OPERATOR, 1, Raw(body))])
    revocations = Revocations()
    hub = Hub(log, limits=Limits(60_000, 0, 1), revocations=revocations)
    async with asyncio.timeout(60):  # a failed observer would never report the last entry
        await hub.follow_access_records()
    await hub.store_draft(Draft(REVOCATIONS_ITEM, "message", "delivered", OPERATOR, 2, Raw(body)))
    await hub.revoke(Revocation(1.0, "ada"))

    with pytest.raises(Refusal):
        revocations.check("ada", None, 1.0, None)
    skipped = [record.message for record in caplog.records if record.name == "alcove.rooms.revocation_log"]
    assert [message[:7] for message in skipped] == ["entry 1", "entry 2"]
    await hub.close()
    await log.close()
