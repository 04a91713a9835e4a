"""Assemble routes and middleware into an application: for a standalone server, or for use inside another one."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI

from alcove.api import bans, entries, events, imports, item_list, login, ops, personal_data, rooms, schemas
from alcove.api.base_path import BasePath
from alcove.api.cors import Cors
from alcove.api.earlier_logins import EarlierLogins
from alcove.api.headers import SecurityHeaders
from alcove.api.page_files import PageRoute
from alcove.api.parameters import refuse_unknown_query
from alcove.api.plain_headers import PlainHeaders
from alcove.api.problems import HANDLERS
from alcove.api.room_socket import room_route, unknown_path_route
from alcove.api.startup import StartupErrors
from alcove.library.admission import HostAdmission
from alcove.observability.metrics import SERVER_METRICS, Metrics
from alcove.observability.telemetry import telemetry_config
from alcove.settings import Settings
from alcove.tutorial import routes as tutorial
from alcove.urls import split_commas
from alcove.webhooks import routes as webhooks

#: The page: in a distribution beside this file (`hatch_build.py`), in a clone where `make build` writes it.
PAGE_FOLDER = Path(__file__).parent / "page"
if not PAGE_FOLDER.is_dir():
    PAGE_FOLDER = Path(__file__).parents[2] / "frontend" / "app" / "dist"
#: A page that is served until the page is built, and says how to build it.
PLACEHOLDER_FOLDER = Path(__file__).parent / "placeholder_page"
#: The beginnings of the paths of the page's files that other sites need to show a room.
_EMBED_PATHS = ("/embed/", "/embed.js", "/assets/", "/favicon.svg")

#: What FastAPI takes as `lifespan`.
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]


def server_app(settings: Settings, lifespan: Lifespan) -> FastAPI:
    """Create the application of a standalone server: rooms, API, sign-in, tutorial, operations and the page.

    Args:
        settings: The settings.
        lifespan: Opens and closes the services.

    """
    app = _application(settings, lifespan, dependencies=[Depends(refuse_unknown_query)])
    app.add_middleware(Cors, origins=split_commas(settings.origins))
    app.add_middleware(EarlierLogins)
    app.add_middleware(StartupErrors)
    _add_headers(app, settings)
    app.add_middleware(BasePath, base_path=settings.base_path)
    app.state.admission = None
    app.state.metrics = SERVER_METRICS
    app.router.routes.append(room_route)
    app.include_router(tutorial.router)
    _add_api(app)
    app.include_router(login.router)
    app.include_router(ops.router)
    app.router.routes.append(unknown_path_route)
    app.router.routes.append(PageRoute(_page()))
    return app


def host_app(
    settings: Settings, lifespan: Lifespan, admission: HostAdmission, metrics: Metrics, *, page: bool
) -> FastAPI:
    """Create the application for use inside another one, which admits its members: rooms, API, embed page and script.

    Args:
        settings: The settings.
        lifespan: Opens and closes the services, if the application is served by itself.
        admission: Authorizes callers by the host application's dependency.
        metrics: The counters of this Alcove.
        page: Whether to serve the whole page, too.

    """
    app = _application(settings, lifespan)
    app.add_middleware(Cors, origins=split_commas(settings.origins))
    _add_headers(app, settings)
    app.state.admission = admission
    app.state.metrics = metrics
    app.router.routes.append(room_route)
    _add_api(app)
    app.router.routes.append(unknown_path_route)
    app.router.routes.append(PageRoute(_page(), None if page else _EMBED_PATHS))
    return app


def _application(settings: Settings, lifespan: Lifespan, **options: Any) -> FastAPI:  # Any: FastAPI's own
    """Create an application without routes, with Alcove's error handlers, limit of body size and OpenAPI document."""
    app = FastAPI(
        title="Alcove",
        description="A live room for every item of an application.",
        version="1",
        lifespan=lifespan,
        exception_handlers=HANDLERS,
        max_body_size=settings.message_bytes,
        telemetry=telemetry_config(),
        docs_url=None,  # its page runs scripts of another site
        redoc_url=None,
        **options,
    )
    app.state.settings = settings
    app.openapi = partial(schemas.document, app)  # type: ignore[method-assign] # FastAPI's own way to extend it
    return app


def _add_headers(app: FastAPI, settings: Settings) -> None:
    """Add the middleware that sets security headers of responses, and the one that shortens request headers."""
    app.add_middleware(PlainHeaders)
    app.add_middleware(
        SecurityHeaders,
        frame_ancestors=settings.frame_ancestors,
        picture_origins=split_commas(settings.picture_origins),
    )


def _add_api(app: FastAPI) -> None:
    """Add the HTTP routes that a standalone server and a host application have in common."""
    app.router.routes.append(item_list.list_route)
    for router in (item_list, entries, rooms, bans, personal_data, imports, events):
        app.include_router(router.router)
    app.include_router(webhooks.router)
    app.include_router(login.shared_router)
    app.include_router(ops.documents)


def _page() -> Path:
    """Return the folder of the built page, or of the placeholder that says how to build it."""
    return PAGE_FOLDER if (PAGE_FOLDER / "index.html").is_file() else PLACEHOLDER_FOLDER
