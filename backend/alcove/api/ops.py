"""Serve health, readiness and metrics (W7), and the AsyncAPI document (W9)."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from alcove.api import asyncapi
from alcove.api.base_path import url_prefix
from alcove.api.services import StatusDep
from alcove.observability.metrics import GaugeCollector, exposition

router = APIRouter(tags=["operations"])
#: The routes of the protocol's documents. An application that embeds Alcove serves them, too.
documents = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The response of `/healthz`."""

    status: Literal["ok"] = "ok"


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> Health:
    """Report that this process is alive, without checking storage or bus (W7)."""
    return Health()


class Readiness(BaseModel):
    """Whether this process accepts clients; if not, whether storage, the bus or the drain is the reason."""

    status: Literal["ready", "draining", "unavailable"]
    #: Whether storage accepts writes; False while draining, without a check.
    storage: bool
    #: Whether messages to and from other processes are delivered.
    bus: bool


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(process: StatusDep, response: Response) -> Readiness:
    """Report whether storage accepts writes and the bus works; 503 if not, and during the drain (W7, Z1)."""
    state = await process.readiness()
    status: Literal["ready", "draining", "unavailable"] = "ready" if state.storage and state.bus else "unavailable"
    if state.draining:
        status = "draining"
    response.status_code = 200 if status == "ready" else 503
    return Readiness(status=status, storage=state.storage, bus=state.bus)


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request, process: StatusDep) -> Response:
    """Return the metrics of this process for Prometheus (W7)."""
    gauges = GaugeCollector(await process.process_state())
    return Response(exposition(gauges, request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)


@documents.get("/asyncapi.json", include_in_schema=False)
async def asyncapi_document(request: Request) -> dict[str, Any]:
    """Return the AsyncAPI document of the room protocol (W9)."""
    return asyncapi.document(url_prefix(request.scope))
