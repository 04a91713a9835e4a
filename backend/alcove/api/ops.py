"""Serve health, readiness and metrics (W7), and the AsyncAPI document (W9)."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from alcove.api import asyncapi
from alcove.api.live import HubDep
from alcove.observability.metrics import Snapshot, exposition

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
    state = await hub.readiness()
    status: Literal["ready", "draining", "unavailable"] = "ready" if state.storage and state.bus else "unavailable"
    if state.draining:
        status = "draining"
    response.status_code = 200 if status == "ready" else 503
    return Readiness(status=status, storage=state.storage, bus=state.bus)


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(hub: HubDep) -> Response:
    """Give what this process counts, as Prometheus reads it (W7)."""
    snapshot = Snapshot(await hub.process_state())
    return Response(exposition(snapshot), media_type=CONTENT_TYPE_LATEST)


@router.get("/asyncapi.json", include_in_schema=False)
async def asyncapi_document() -> dict[str, Any]:
    """Give the room protocol's AsyncAPI document (W9)."""
    return asyncapi.document()
