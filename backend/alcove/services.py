"""Open the services of one Alcove in order, and close them in the reverse order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from alcove import background
from alcove.access.address_limits import AddressLimits
from alcove.access.authenticator import Authenticator
from alcove.access.bans import Bans
from alcove.access.host import HostAuthenticator
from alcove.access.origin_policy import OriginPolicy
from alcove.access.revocations import Revocations
from alcove.access.tokens import Keys
from alcove.bus.base import Bus
from alcove.bus.open import check_bus, open_bus, open_database_bus
from alcove.bus.sealed import SealedBus
from alcove.descriptors import provide_descriptors
from alcove.errors import Close
from alcove.mistyped_settings import find_mistyped_variables
from alcove.observability.logs import mask_handlers
from alcove.observability.metrics import SERVER_METRICS, Metrics, measure_loop_lag
from alcove.protocol import Limits
from alcove.rooms.hub import Hub
from alcove.server.protocols import create_wheel
from alcove.server.signals import on_termination
from alcove.settings import Settings
from alcove.storage.base import Log
from alcove.storage.consumers import ConsumerLog
from alcove.storage.open import lock_mode_for, open_log
from alcove.tutorial.chat import CHAT_CHANNEL, Chat
from alcove.urls import split_commas
from alcove.webhooks.deliveries import Deliveries
from alcove.webhooks.targets import Target
from alcove.wire.deadlines import DeadlineWheel

logger = logging.getLogger(__name__)

#: Seconds that clients have to disconnect after a drain, and to take their close frame when an embedded Alcove ends.
_CLOSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Services:
    """The objects of one running Alcove that its routes use; they get them from `app.state` (`api/services.py`)."""

    hub: Hub
    authenticator: Authenticator
    address_limits: AddressLimits
    origin_policy: OriginPolicy
    deliveries: Deliveries
    #: The tutorial's chat; only a standalone server has it.
    chat: Chat | None = None
    #: The detached connections of an embedded Alcove; None for a standalone server, which keeps its own wheel.
    wheel: DeadlineWheel | None = None

    def provide_to(self, state: Any) -> None:  # Any: Starlette's State has any attribute
        """Store each service, and the parts of the hub that routes use, as attributes of an application's state."""
        for field in fields(self):
            setattr(state, field.name, getattr(self, field.name))
        for name in ("lists", "queries", "status", "writer", "personal_data", "importer"):
            setattr(state, name, getattr(self.hub, name))


@asynccontextmanager
async def open_server_services(settings: Settings, keys: Keys | None) -> AsyncIterator[Services]:
    """Open the services of a standalone server while the block runs: descriptors, keys, log, bus, hub and chat.

    Args:
        settings: The settings.
        keys: The keys that tokens are verified with; None: open mode (A2), which is logged as a warning.

    Raises:
        AlcoveError: Storage, the bus or the keys cannot be opened as the settings say.

    """
    with provide_descriptors(settings.connections):
        for sentence in find_mistyped_variables():
            logger.warning(sentence)
        if keys is None:
            logger.warning(
                "OPEN MODE: anyone who reaches this server may read and write. Set ALCOVE_SECRET or ALCOVE_JWKS."
            )
        else:
            await keys.start()
        revocations, bans = Revocations(), Bans(settings.bans)
        authenticator = Authenticator(keys, revocations, bans, leeway_s=settings.leeway_s)
        async with AsyncExitStack() as stack:
            log = await _open_log(stack, settings)
            hub = await _create_hub(
                log, settings, authenticator, revocations=revocations, bans=bans, metrics=SERVER_METRICS
            )
            deliveries = Deliveries(log, hub, settings, SERVER_METRICS, {})
            chat = Chat(partial(hub.publish, CHAT_CHANNEL))
            hub.subscribe(CHAT_CHANNEL, chat.receive)
            await _start(stack, hub, deliveries)
            yield _services(settings, hub, authenticator, deliveries, chat=chat)


@asynccontextmanager
async def open_embedded_services(
    settings: Settings, metrics: Metrics, handlers: Mapping[str, Target]
) -> AsyncIterator[Services]:
    """Open the services of an embedded Alcove while the block runs; then close its connections.

    Args:
        settings: The settings.
        metrics: The counters of this Alcove.
        handlers: The application's handlers of entries, by name.

    Raises:
        AlcoveError: Storage or the bus cannot be opened as the settings say.

    """
    revocations, bans = Revocations(), Bans(settings.bans)
    authenticator = HostAuthenticator(revocations, bans, leeway_s=settings.leeway_s)
    wheel = create_wheel(settings)
    async with AsyncExitStack() as stack:
        log = await _open_log(stack, settings)
        hub = await _create_hub(log, settings, authenticator, revocations=revocations, bans=bans, metrics=metrics)
        deliveries = Deliveries(log, hub, settings, metrics, handlers)
        await _start(stack, hub, deliveries)
        stack.push_async_callback(_end_connections, hub, wheel)
        yield _services(settings, hub, authenticator, deliveries, wheel=wheel)


async def _open_log(stack: AsyncExitStack, settings: Settings) -> ConsumerLog:
    """Mask credentials in log output, and open the log; `stack` closes it."""
    mask_handlers()
    log = await open_log(
        settings.database_url,
        settings.retention,
        settings.database_connections,
        lock_mode=lock_mode_for(settings.bus_url),
        lists=settings.list_limits,
    )
    stack.push_async_callback(log.close)
    return log


async def _create_hub(
    log: Log,
    settings: Settings,
    authenticator: Authenticator,
    *,
    revocations: Revocations,
    bans: Bans,
    metrics: Metrics,
) -> Hub:
    """Create the bus of the settings, and a hub that uses it and the log."""
    return Hub(
        log,
        authenticator=authenticator,
        revocations=revocations,
        bans=bans,
        bus=await _open_bus(settings, log, metrics),
        database_bus=open_database_bus(settings.database_url),
        limits=Limits(settings.body_bytes, settings.sends_per_s, settings.sends_burst),
        process_limits=settings.process_limits,
        retention=settings.retention,
        metrics=metrics,
    )


async def _open_bus(settings: Settings, log: Log, metrics: Metrics) -> Bus:
    """Create the bus of the settings, after checking that a bus can work at its address.

    If other processes share the bus, its messages are encrypted with the log's key (X9).

    Raises:
        SettingsError: A bus cannot work at the address.

    """
    await check_bus(settings.bus_url)
    bus = open_bus(settings.bus_url, settings.bus_prefix)
    return SealedBus(bus, await log.bus_key(), log.id, metrics=metrics) if bus.shared else bus


async def _start(stack: AsyncExitStack, hub: Hub, deliveries: Deliveries) -> None:
    """Start the hub and the deliveries, apply revocations and bans, drain on SIGTERM; `stack` undoes each step."""
    await hub.start()
    stack.push_async_callback(hub.close)
    await hub.follow_access_records()
    lag_task = asyncio.create_task(measure_loop_lag())
    stack.push_async_callback(background.cancel, lag_task)
    stack.enter_context(on_termination(lambda: _drain(hub)))
    stack.push_async_callback(deliveries.close)
    await deliveries.start()


def _services(
    settings: Settings,
    hub: Hub,
    authenticator: Authenticator,
    deliveries: Deliveries,
    *,
    chat: Chat | None = None,
    wheel: DeadlineWheel | None = None,
) -> Services:
    """Collect the services, and create the limits per address and the origin policy from the settings."""
    limits, policy = AddressLimits.from_settings(settings), OriginPolicy(split_commas(settings.origins))
    return Services(hub, authenticator, limits, policy, deliveries, chat, wheel)


async def _end_connections(hub: Hub, wheel: DeadlineWheel) -> None:
    """Drain the rooms (Z1), wait for clients to disconnect, then close the remaining connections."""
    await _drain(hub)
    await wheel.close_all(Close.RESTART, within_s=_CLOSE_S)


async def _drain(hub: Hub) -> None:
    """Drain the rooms (Z1), then wait up to one second for clients to disconnect."""
    await hub.drain()
    with suppress(TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await hub.wait_until_empty()
