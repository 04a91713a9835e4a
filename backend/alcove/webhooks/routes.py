"""Serve the state of webhooks and handlers, and the commands to test, retry and skip (K3)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from alcove.api.bans import ModeratorOfAllDep
from alcove.api.bodies import BOUNDED_HERE, SMALL_BODY, decode_body
from alcove.api.dependencies import AuthenticatorDep
from alcove.api.schemas import Json, answers, body_of, problems
from alcove.webhooks.deliveries import ConsumerStatus, Deliveries
from alcove.webhooks.targets import Failed, Unsubscribed

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])

#: The name of a consumer: `webhook`, or that of a handler.
ConsumerName = Annotated[str, Path(max_length=100, pattern=r"^[\w:-][\w.:-]{0,99}$")]
_Item = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class FailingItem(Struct, frozen=True):
    """An item with an entry that could not be delivered.

    Attributes:
        item: The item.
        seq: The seq of the entry.
        attempts: How often its delivery was attempted.
        since: When the first attempt failed, in ms since the epoch.
        due: When the next attempt is due, in ms since the epoch.
        error: Why the last attempt failed.
        parked: Whether no attempt follows until an operator retries or skips the entry.

    """

    item: str
    seq: int
    attempts: int
    since: int
    due: int
    error: str
    parked: bool


class Consumer(Struct, frozen=True):
    """The state of a webhook or handler.

    Attributes:
        name: `webhook`, or the name of the handler.
        known: Whether the process that answers defines it.
        disabled: Whether the receiver answered 410, and no operator has retried since.
        pending_items: The number of items with undelivered entries.
        pending_entries: The number of undelivered entries.
        parked_items: The number of items that wait for an operator.
        failing: Up to 100 items with a failure, the parked ones first.

    """

    name: str
    known: bool
    disabled: bool
    pending_items: int
    pending_entries: int
    parked_items: int
    failing: list[FailingItem]


class Consumers(Struct, frozen=True):
    """All consumers in the database."""

    consumers: list[Consumer]


class RetryItem(Struct, frozen=True):
    """The item to retry now; without `item`, all failing items are retried, and a disabled endpoint is enabled."""

    item: _Item | None = None


class SkipItem(Struct, frozen=True):
    """The item whose failing entry is skipped."""

    item: _Item


class Retried(Struct, frozen=True):
    """The number of items that are retried."""

    items: int


class Tested(Struct, frozen=True):
    """Whether the endpoint accepted the test event; if not, `error` says why."""

    delivered: bool
    error: str | None = None


async def _deliveries(request: Request) -> Deliveries:
    """Return the deliveries of this process (dependency)."""
    deliveries: Deliveries = request.app.state.deliveries
    return deliveries


DeliveriesDep = Annotated[Deliveries, Depends(_deliveries)]
_REFUSALS = problems(401, 403, 422, 429, 503)


@router.get("", responses=answers(Consumers) | _REFUSALS)
async def list_consumers(deliveries: DeliveriesDep, _moderator: ModeratorOfAllDep) -> Response:
    """Return the state of every webhook and handler."""
    return Json(Consumers([_consumer(status) for status in await deliveries.status()]))


@router.post("/test", responses=answers(Tested) | problems(404) | _REFUSALS)
async def send_test_event(deliveries: DeliveriesDep, _moderator: ModeratorOfAllDep) -> Response:
    """Send an event of type `test` to the endpoint; 404 if there is none."""
    outcome = await deliveries.send_test()
    if outcome is None:
        raise HTTPException(404, "no webhook is configured: set ALCOVE_WEBHOOK_URL")
    if isinstance(outcome, Failed):
        return Json(Tested(delivered=False, error=outcome.error))
    return Json(
        Tested(
            delivered=not isinstance(outcome, Unsubscribed),
            error="HTTP 410" if isinstance(outcome, Unsubscribed) else None,
        )
    )


@router.post(
    "/{consumer}/retry",
    responses=answers(Retried) | problems(404, 413) | _REFUSALS,
    openapi_extra=body_of(RetryItem),
    **BOUNDED_HERE,
)
async def retry_deliveries(
    *,
    consumer: ConsumerName,
    request: Request,
    deliveries: DeliveriesDep,
    authenticator: AuthenticatorDep,
    moderator: ModeratorOfAllDep,
) -> Response:
    """Retry failed deliveries now, of one item or of all items."""
    body = await decode_body(request, RetryItem, SMALL_BODY)
    authenticator.recheck(moderator, None)
    items = await deliveries.retry(consumer, body.item)
    if items is None:
        raise HTTPException(404, "no such webhook or handler")
    return Json(Retried(items))


@router.post(
    "/{consumer}/skip",
    status_code=204,
    responses=problems(404, 413) | _REFUSALS,
    openapi_extra=body_of(SkipItem),
    **BOUNDED_HERE,
)
async def skip_entry(
    *,
    consumer: ConsumerName,
    request: Request,
    deliveries: DeliveriesDep,
    authenticator: AuthenticatorDep,
    moderator: ModeratorOfAllDep,
) -> Response:
    """Skip the entry that fails in an item, and continue with the next one."""
    body = await decode_body(request, SkipItem, SMALL_BODY)
    authenticator.recheck(moderator, None)
    if not await deliveries.skip(consumer, body.item):
        raise HTTPException(404, "no entry of this item fails")
    return Response(status_code=204)


def _consumer(status: ConsumerStatus) -> Consumer:
    """Convert the state of a consumer to the form of the response."""
    failing = [
        FailingItem(
            position.item,
            position.seq + 1,
            position.failure.attempts,
            position.failure.since,
            position.failure.due,
            position.failure.error,
            position.failure.parked,
        )
        for position in status.failing
        if position.failure is not None
    ]
    backlog = status.backlog
    return Consumer(status.name, status.known, status.disabled, backlog.items, backlog.entries, backlog.parked, failing)
