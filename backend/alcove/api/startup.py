"""Report a failed start in one line, with any ASGI server."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcove.errors import AlcoveError


class Startup:
    """Replaces the traceback of an AlcoveError during the start by the error's message."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and change the lifespan's message about a failed start (ASGI)."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failures: list[Message] = []

        async def send_later(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failures.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, send_later)
        except BaseException as error:
            for failure in failures:
                reason = {"message": f"alcove: {error}"} if isinstance(error, AlcoveError) else {}
                await send({**failure, **reason})
            if not failures or not isinstance(error, AlcoveError):
                raise
