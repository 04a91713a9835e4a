"""What an operator asks of a server (W7), and what a developer reads (W9)."""

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from alcove import asyncapi
from alcove.api.live import HubDep
from alcove.hub import Hub
from alcove.metrics import Snapshot, Standing, exposition

#: Seconds that storage has to answer.
_READY_S = 2.0

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The answer of a server that is alive."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """Say that this process is alive; it says nothing of storage or bus (W7)."""
    return Health()


class Readiness(BaseModel):
    """Whether to send clients here, and what is missing if not."""

    status: Literal["ready", "draining", "unavailable"]
    #: Not asked while draining.
    storage: bool
    bus: bool


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(hub: HubDep, response: Response) -> Readiness:
    """Say whether storage and bus answer; 503 where not, and while the server is about to end (W7, Z1)."""
    storage = not hub.draining and await _storage_answers(hub)
    found: Literal["ready", "unavailable"] = "ready" if storage and hub.relay.up else "unavailable"
    status = "draining" if hub.draining else found
    response.status_code = 200 if status == "ready" else 503
    return Readiness(status=status, storage=storage, bus=hub.relay.up)


async def _storage_answers(hub: Hub) -> bool:
    """Whether the log answers in time. A question that hangs is left to end by itself."""
    asking: asyncio.Future[object] = asyncio.ensure_future(hub.log.rooms([]))
    asking.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.wait([asking], timeout=_READY_S)
    return asking.done() and not asking.cancelled() and asking.exception() is None


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(hub: HubDep) -> Response:
    """Give what this process counts, as Prometheus reads it (W7)."""
    standing = Standing(
        sends_waiting=len(hub.committer),
        sends_waiting_limit=hub.bounds.waiting,
        connections_limit=hub.bounds.connections,
        bus_up=hub.relay.up,
        storage_up=await _storage_answers(hub),
        draining=hub.draining,
    )
    snapshot = Snapshot(list(hub.rooms.values()), standing)
    return Response(exposition(snapshot), media_type=CONTENT_TYPE_LATEST)


@router.get("/asyncapi.json", include_in_schema=False)
async def asyncapi_document() -> dict[str, Any]:
    """Give the room protocol's AsyncAPI document (W9)."""
    return asyncapi.document()
