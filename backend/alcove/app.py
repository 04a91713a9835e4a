"""Compose the application: its routes and middleware, and what it opens while it serves."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI

from alcove import background
from alcove.access.address_limits import AddressLimits
from alcove.access.authenticator import Authenticator
from alcove.access.bans import Bans
from alcove.access.origin_policy import OriginPolicy
from alcove.access.revocations import Revocations
from alcove.access.tokens import Keys, keys_from_settings
from alcove.api import bans, entries, events, item_list, ops, personal_data, rooms, schemas
from alcove.api import login as session
from alcove.api.cors import Cors
from alcove.api.headers import Headers
from alcove.api.live import room_route, unknown_path_route
from alcove.api.page_files import PageRoute
from alcove.api.parameters import declared_query
from alcove.api.plain_headers import PlainHeaders
from alcove.api.problems import HANDLERS
from alcove.api.startup import Startup
from alcove.api.upgrade import EarlierLogins
from alcove.bus.base import Bus
from alcove.bus.open import check_bus, open_bus, open_sends
from alcove.bus.sealed import SealedBus
from alcove.descriptors import provide_descriptors
from alcove.observability.logs import mask_handlers
from alcove.observability.metrics import measure_loop_lag
from alcove.observability.telemetry import telemetry_config
from alcove.protocol import Limits
from alcove.rooms.hub import Hub
from alcove.server.signals import on_termination
from alcove.settings import Settings, split_commas
from alcove.storage.base import Log
from alcove.storage.open import lock_mode_for, open_log
from alcove.tutorial import routes as tutorial
from alcove.tutorial.chat import CHANNEL, Chat

logger = logging.getLogger(__name__)

#: Where `make build` writes the page.
PAGE = Path(__file__).parents[2] / "frontend" / "app" / "dist"
#: Served until the page is built; says how to build it.
PLACEHOLDER = Path(__file__).parent / "placeholder_page"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:  # Any: ASGI's own type of this
    """Open everything that the application needs while it serves, and close it in the reverse order.

    Raises:
        AlcoveError: Storage, the bus or the keys cannot be opened as the settings say.

    """
    mask_handlers()
    settings: Settings = app.state.settings
    async with AsyncExitStack() as stack:
        stack.enter_context(provide_descriptors(settings.connections))
        revocations, bans = Revocations(), Bans()
        authenticator = Authenticator(await _open_keys(app), revocations, bans, leeway_s=settings.leeway_s)
        log = await open_log(
            settings.database_url,
            settings.retention,
            settings.database_connections,
            lock_mode=lock_mode_for(settings.bus_url),
            lists=settings.list_limits,
        )
        stack.push_async_callback(log.close)
        hub = Hub(
            log,
            authenticator=authenticator,
            revocations=revocations,
            bans=bans,
            bus=await _open_bus(settings, log),
            sends=open_sends(settings.database_url),
            limits=Limits(settings.body_bytes, settings.sends_per_s, settings.sends_burst),
            bounds=settings.process_limits,
            retention=settings.retention,
        )
        chat = Chat(partial(hub.publish, CHANNEL))
        hub.subscribe(CHANNEL, chat.receive)
        await hub.start()
        stack.push_async_callback(hub.close)
        await hub.follow_access_records()
        app.state.authenticator, app.state.hub, app.state.chat = authenticator, hub, chat
        app.state.lists, app.state.queries, app.state.status = hub.lists, hub.queries, hub.status
        app.state.writer, app.state.personal_data = hub.writer, hub.personal_data
        app.state.address_limits = AddressLimits.from_settings(settings)
        app.state.origin_policy = OriginPolicy(split_commas(settings.origins))
        measuring = asyncio.create_task(measure_loop_lag())
        stack.push_async_callback(background.cancel, measuring)
        stack.enter_context(on_termination(hub.drain))
        yield {"hub": hub}  # for a server that waits for its drain


async def _open_keys(app: FastAPI) -> Keys | None:
    """Load the keys and return them; None in open mode (A2)."""
    keys: Keys | None = app.state.keys
    if keys is None:
        logger.warning(
            "OPEN MODE: anyone who reaches this server may read and write. Set ALCOVE_SECRET or ALCOVE_JWKS."
        )
    else:
        await keys.start()
    return keys


async def _open_bus(settings: Settings, log: Log) -> Bus:
    """Return the bus; one that other processes share is sealed with the log's key (X9)."""
    await check_bus(settings.bus_url)
    bus = open_bus(settings.bus_url, settings.bus_prefix)
    return SealedBus(bus, await log.bus_key(), log.id) if bus.shared else bus


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application for `settings`, by default those of the environment.

    Raises:
        SettingsError: A setting has a wrong value, or needs a library that is not installed.

    """
    settings = settings or Settings.load()
    app = FastAPI(
        title="Alcove",
        description="A live room for every item of an application.",
        version="1",
        lifespan=lifespan,
        dependencies=[Depends(declared_query)],
        exception_handlers=HANDLERS,
        max_body_size=settings.message_bytes,
        telemetry=telemetry_config(),
        docs_url=None,  # its page runs scripts of another site
        redoc_url=None,
    )
    app.add_middleware(Cors, origins=split_commas(settings.origins))
    app.add_middleware(EarlierLogins)
    app.add_middleware(Startup)
    app.add_middleware(PlainHeaders)
    app.add_middleware(
        Headers,
        frame_ancestors=settings.frame_ancestors,
        picture_origins=split_commas(settings.picture_origins),
    )
    app.state.settings = settings
    app.state.keys = keys_from_settings(settings)
    app.router.routes.append(room_route)
    app.include_router(tutorial.router)
    app.router.routes.append(item_list.list_route)
    app.include_router(item_list.router)
    app.include_router(entries.router)
    app.include_router(rooms.router)
    app.include_router(bans.router)
    app.include_router(personal_data.router)
    app.include_router(events.router)
    app.include_router(session.router)
    app.include_router(ops.router)
    app.router.routes.append(unknown_path_route)
    app.openapi = partial(schemas.document, app)  # type: ignore[method-assign] # FastAPI's own way to extend it
    page = PAGE if (PAGE / "index.html").is_file() else PLACEHOLDER
    app.router.routes.append(PageRoute(page))
    return app
