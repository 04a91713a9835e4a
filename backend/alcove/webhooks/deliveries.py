"""Run the consumers of this process, renew their leases, and execute the commands of operators (K2, K3, K4)."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple
from uuid import uuid4

from alcove import background
from alcove.errors import SettingsError
from alcove.observability.consumer_metrics import ConsumerMetrics
from alcove.observability.metrics import Metrics
from alcove.rooms.hub import Hub
from alcove.settings import Settings
from alcove.storage.base import LogUnavailableError
from alcove.storage.consumers import Backlog, ConsumerLog, ItemPosition
from alcove.webhooks.endpoint import Endpoint
from alcove.webhooks.retries import RetryPolicy
from alcove.webhooks.signature import Signer
from alcove.webhooks.targets import Outcome, Target
from alcove.webhooks.webhook import WEBHOOK, WebhookTarget
from alcove.webhooks.worker import ConsumerWorker

logger = logging.getLogger(__name__)

#: Seconds that a lease lasts. Another process takes over at most `_LEASE_S` + `_RENEW_S` after this one ends (K4).
_LEASE_S = 6.0
#: Seconds between two renewals of the leases.
_RENEW_S = 2.0
#: Seconds before the end of its lease at which this process stops delivering.
_MARGIN_S = 1.0
#: Maximum number of failing items in the status of one consumer.
_MAX_FAILING = 100


class ConsumerStatus(NamedTuple):
    """The state of a consumer, for operators."""

    name: str
    #: Whether the settings or the code of this process define the consumer.
    known: bool
    #: Whether the consumer's target answered 410, and no operator has retried since.
    disabled: bool
    #: What is not delivered yet.
    backlog: Backlog
    #: Up to 100 items with a failure, the parked ones first.
    failing: list[ItemPosition]


class Deliveries:
    """The consumers of one Alcove: the webhook, if there is one, and the application's handlers."""

    def __init__(
        self, log: ConsumerLog, hub: Hub, settings: Settings, metrics: Metrics, handlers: Mapping[str, Target]
    ) -> None:
        """Create the consumers; `start` registers and runs them.

        Args:
            log: The log of all rooms, and of the consumers' positions.
            hub: Reports changed rooms and connected members.
            settings: The settings of the webhook, and the limits of deliveries.
            metrics: The counters of this Alcove.
            handlers: Handlers of the application, by the names of their consumers.

        Raises:
            SettingsError: The webhook's settings are incomplete or wrong, or httpx is not installed.

        """
        self._consumers = log.consumers
        self._changes = hub.changes
        #: The id of this process in leases.
        self._holder = uuid4().hex
        endpoint = _create_endpoint(settings)
        self._webhook = None if endpoint is None else WebhookTarget(endpoint, hub.queries)
        targets: dict[str, tuple[Target, RetryPolicy]] = {
            name: (target, RetryPolicy(attempts=settings.handler_attempts)) for name, target in handlers.items()
        }
        if self._webhook is not None:
            targets[WEBHOOK] = self._webhook, RetryPolicy(give_up_ms=int(settings.webhook_retry_s * 1000))
        self._workers = {
            name: ConsumerWorker(
                name,
                target,
                log=log,
                holder=self._holder,
                policy=policy,
                max_items=settings.delivery_items,
                max_deliveries=settings.deliveries,
                metrics=ConsumerMetrics(metrics.consumers, name),
                bus_is_complete=lambda: hub.changes.complete,
            )
            for name, (target, policy) in targets.items()
        }
        self._renewal: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        #: Set to renew the leases at once, so that a command of an operator takes effect.
        self._renew_now = asyncio.Event()

    async def start(self) -> None:
        """Register the consumers, and start to deliver; new consumers start at the current heads of the rooms.

        Raises LogUnavailableError if storage does not answer.
        """
        for name, worker in self._workers.items():
            await self._consumers.register(name)
            self._changes.follow(worker.record_head, worker.request_scan)
            self._tasks.append(asyncio.create_task(worker.run()))
        if self._workers:
            self._renewal = asyncio.create_task(self._renew_leases())

    async def close(self) -> None:
        """Stop the deliveries, store the positions, and release the leases."""
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))
        await background.cancel(self._renewal, *self._tasks)
        if self._workers:
            with suppress(LogUnavailableError):
                await self._consumers.release(self._holder)
        if self._webhook is not None:
            await self._webhook.endpoint.__aexit__()

    # --- operators

    async def status(self) -> list[ConsumerStatus]:
        """Return the state of every consumer in the database. Raises LogUnavailableError if storage does not answer."""
        statuses = []
        for name in await self._consumers.names():
            worker = self._workers.get(name)
            record = await self._consumers.find(name)
            backlog = await self._consumers.backlog(name)
            failing = await self._consumers.failing_positions(name, limit=_MAX_FAILING)
            disabled = record is not None and (worker.is_disabled(record) if worker else record.disabled is not None)
            statuses.append(ConsumerStatus(name, worker is not None, disabled, backlog, failing))
        return statuses

    async def retry(self, name: str, item: str | None) -> int | None:
        """Retry failed deliveries now; without an item, also enable a target that is disabled.

        Args:
            name: The consumer.
            item: The item to retry; None: all failing items.

        Returns:
            The number of items that are retried; None: the database has no consumer of that name.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        if await self._consumers.find(name) is None:
            return None
        if item is None:
            await self._consumers.disable(name, None)
        count = await self._consumers.retry(name, item)
        self._renew_now.set()
        return count

    async def skip(self, name: str, item: str) -> bool:
        """Skip the entry of an item whose delivery fails, so that later entries are delivered.

        Returns:
            False if no entry of the item fails.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        skipped = await self._consumers.skip(name, item)
        self._renew_now.set()
        return skipped

    async def send_test(self) -> Outcome | None:
        """Send a test event to the webhook's endpoint, and return the outcome; None: there is no endpoint."""
        return None if self._webhook is None else await self._webhook.send_test()

    # --- leases

    async def _renew_leases(self) -> None:
        """Take and renew the leases every `_RENEW_S` seconds, until cancelled.

        The records that storage returns with the leases also show the commands of operators, on whichever process.
        """
        loop = asyncio.get_running_loop()
        while True:
            self._renew_now.clear()
            requested_at = loop.time()
            try:
                held = await self._consumers.lease(list(self._workers), self._holder, int(_LEASE_S * 1000))
            except LogUnavailableError:
                pass  # the leases end unless a later renewal comes in time
            else:
                for name, worker in self._workers.items():
                    worker.set_lease(held.get(name), requested_at + _LEASE_S - _MARGIN_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(_RENEW_S):
                    await self._renew_now.wait()


def check_webhook(settings: Settings) -> str | None:
    """Check the settings of the webhook, and return its secrets; None: there is no webhook.

    Raises:
        SettingsError: There is no secret, or a secret has the wrong form.

    """
    if settings.webhook_url is None:
        return None
    if settings.webhook_secret is None:
        raise SettingsError(
            "ALCOVE_WEBHOOK_URL is set without ALCOVE_WEBHOOK_SECRET, which signs what is sent there;"
            " make one with: echo whsec_$(openssl rand -base64 32)"
        )
    secrets = settings.webhook_secret.get_secret_value()
    Signer(secrets)
    return secrets


def _create_endpoint(settings: Settings) -> Endpoint | None:
    """Create the webhook's endpoint; None: there is none. Raises SettingsError if its settings are wrong."""
    secrets = check_webhook(settings)
    if secrets is None or settings.webhook_url is None:
        return None
    return Endpoint(settings.webhook_url, secrets, timeout_s=settings.webhook_s, connections=settings.deliveries)
