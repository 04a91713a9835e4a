"""What an operator asks of a server (W7), and what a developer reads (W9)."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from alcove.api import asyncapi
from alcove.api.live import HubDep
from alcove.observability.metrics import ProcessState, Snapshot, exposition

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The answer of a server that is alive."""

    status: Literal["ok"] = "ok"


@router.head("/healthz", include_in_schema=False)
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


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(hub: HubDep, response: Response) -> Readiness:
    """Say whether storage takes writes and the bus answers; 503 where not, and while the server ends (W7, Z1)."""
    storage = not hub.draining and await hub.storage.writable()
    found: Literal["ready", "unavailable"] = "ready" if storage and hub.cluster.up else "unavailable"
    status = "draining" if hub.draining else found
    response.status_code = 200 if status == "ready" else 503
    return Readiness(status=status, storage=storage, bus=hub.cluster.up)


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(hub: HubDep) -> Response:
    """Give what this process counts, as Prometheus reads it (W7)."""
    state = ProcessState(
        sends_waiting=len(hub.committer),
        sends_waiting_limit=hub.bounds.waiting,
        connections_limit=hub.bounds.connections,
        bus_up=hub.cluster.up,
        storage_up=await hub.storage.writable(),
        draining=hub.draining,
    )
    snapshot = Snapshot(list(hub.rooms.values()), state)
    return Response(exposition(snapshot), media_type=CONTENT_TYPE_LATEST)


@router.get("/asyncapi.json", include_in_schema=False)
async def asyncapi_document() -> dict[str, Any]:
    """Give the room protocol's AsyncAPI document (W9)."""
    return asyncapi.document()
