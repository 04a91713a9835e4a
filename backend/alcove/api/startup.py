"""Report a failed start in one line, whichever ASGI server runs the application."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcove.errors import AlcoveError


class StartupErrors:
    """Middleware that reports an AlcoveError during the start by its message, without a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application. Send the message about a failed start only after changing it (ASGI)."""
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
