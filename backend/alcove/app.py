"""Define the two entry points: `create_app` for a standalone server, `Alcove` for use inside another application."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self

from fastapi import APIRouter, FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp

from alcove.access.tokens import keys_from_settings
from alcove.errors import AlcoveError
from alcove.library.admission import HostAdmission, MemberDependency
from alcove.library.handlers import Handlers
from alcove.library.methods import Methods
from alcove.library.mounted import Mounted
from alcove.library.settings import settings_of, with_argument_names
from alcove.observability.metrics import GaugeCollector, Metrics, exposition
from alcove.routes import host_app, server_app
from alcove.services import Services, open_embedded_services, open_server_services
from alcove.settings import Settings
from alcove.webhooks.deliveries import check_webhook


def create_app(settings: Settings | None = None) -> FastAPI:
    """Create the FastAPI application of a standalone server.

    Args:
        settings: The settings; None: read them from the environment and `.env`.

    Raises:
        SettingsError: A setting has a wrong value, or needs a library that is not installed.

    """
    settings = settings or Settings.load()
    keys = keys_from_settings(settings)
    check_webhook(settings)

    @asynccontextmanager
    async def lifespan(
        app: FastAPI,
    ) -> AsyncIterator[dict[str, Any]]:  # Any: ASGI gives lifespan state no narrower type
        async with open_server_services(settings, keys) as services:
            services.provide_to(app.state)
            yield {"hub": services.hub}  # the command's server drains it before it exits

    return server_app(settings, lifespan)


class Alcove(Methods, Handlers):
    """Rooms inside another application: a live room for each of its items.

    One process may run several instances, each with its own log.

    Example:
        >>> alcove = Alcove("sqlite:///alcove.db", retain_days=90)
        >>> app = FastAPI(lifespan=alcove.lifespan)
        >>> app.include_router(alcove.router(member), prefix="/rooms")  # doctest: +SKIP

    """

    def __init__(self, database_url: str = "sqlite:///alcove.db", **settings: Any) -> None:
        """Check and store the settings. The log is opened by the lifespan; environment variables are not read.

        Args:
            database_url: The address of the log's database.
            settings: Any setting of the table in the README; its name in lower case, without the prefix `ALCOVE_`.

        Raises:
            SettingsError: A setting does not exist or has a wrong value, or the webhook has no secret.

        """
        self.settings = settings_of(database_url=database_url, **settings)
        super().__init__(self.settings.handler_s)
        self._metrics = Metrics()
        self._apps: list[FastAPI] = []
        self._services: Services | None = None
        self._stack = AsyncExitStack()

    def __repr__(self) -> str:
        return f"<Alcove {'started' if self.started else 'not started'}>"

    def _is_running(self) -> bool:
        """Return whether the lifespan is running, so that handlers can no longer be added (Handlers)."""
        return self.started

    @property
    def started(self) -> bool:
        """Whether the lifespan is running, so that rooms can be used."""
        return self._services is not None

    async def __aenter__(self) -> Self:
        """Open the log and the bus, and provide them to every router and application that was created before.

        Raises:
            AlcoveError: This Alcove is started already, or the log or the bus cannot be opened.

        """
        if self.started:
            raise AlcoveError("this Alcove is started already: run its lifespan once, in one event loop")
        try:
            await self._open_services()
        except AlcoveError as error:
            raise with_argument_names(error) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit accepted sends, close all connections with 1012, and close the bus and the log."""
        try:
            await self._stack.__aexit__(kind, error, trace)
        finally:
            self._services = self._hub = None

    async def _open_services(self) -> None:
        """Open the services, and provide them to the applications created so far; on an error, close what is open."""
        async with AsyncExitStack() as stack:
            services = await stack.enter_async_context(
                open_embedded_services(self.settings, self._metrics, self._handlers)
            )
            for app in self._apps:
                services.provide_to(app.state)
            self._services, self._hub = services, services.hub
            self._stack = stack.pop_all()

    @asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncIterator[None]:
        """Start the Alcove on entering and close it at the end.

        Pass it to FastAPI: `FastAPI(lifespan=alcove.lifespan)`.
        """
        async with self:
            yield

    async def metrics(self) -> bytes:
        """Return the metrics of this Alcove and of the process in Prometheus's text format (W7).

        Raises:
            NotStartedError: The lifespan is not running.

        """
        return exposition(GaugeCollector(await self._rooms().status.process_state()), self._metrics)

    def router(self, member: MemberDependency, *, page: bool = False) -> APIRouter:
        """Create a router with WebSockets, event streams, the HTTP API, the embed page and its script.

        Args:
            member: A FastAPI dependency that authorizes the caller: it takes `item_id` and returns a Member, or raises
                HTTPException to refuse.
            page: Whether to serve the whole page, too.

        Raises:
            SettingsError: The dependency takes a WebSocket.

        """
        return APIRouter(routes=[Mount("", app=self.app(member, page=page))])

    def app(self, member: MemberDependency, *, page: bool = False) -> ASGIApp:
        """Create an ASGI application with the routes of `router`, to mount in Starlette or Django.

        Frameworks do not run the lifespan of a mounted application: use `async with alcove:` in the host's lifespan.

        Args:
            member: A FastAPI dependency that authorizes the caller, as for `router`.
            page: Whether to serve the whole page, too.

        Raises:
            SettingsError: The dependency takes a WebSocket.

        """
        app = host_app(self.settings, self.lifespan, HostAdmission(member), self._metrics, page=page)
        self._apps.append(app)
        if self._services is not None:
            self._services.provide_to(app.state)
        return Mounted(app, lambda: self.started, self.settings.base_path)
