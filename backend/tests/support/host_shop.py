"""A host application that embeds Alcove, whose dependency admits its users."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from alcove import Alcove, Member

#: The close code for each HTTP status that the dependency raises.
STATUSES = {"400": 4403, "401": 4401, "403": 4403, "404": 4403, "409": 4403, "422": 4400, "429": 4429, "503": 1011}


async def session(request: Request) -> AsyncIterator[str]:
    """Provide a database session, which the application counts."""
    shop: Shop = request.app.state.shop
    shop.open_sessions += 1
    try:
        yield "a session"
    finally:
        shop.open_sessions -= 1


async def current_user(
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    _session: Annotated[str, Depends(session)],
    user: Annotated[str | None, Cookie()] = None,
) -> str:
    """Return the user that a Bearer token or a cookie names."""
    if token is None and user is None:
        raise HTTPException(401, "sign in first")
    return token.credentials if token else str(user)


class Shop:
    """A host application whose dependency takes the user from the Bearer token or the cookie `user`."""

    def __init__(self, folder: Path) -> None:
        #: How many database sessions of dependencies are open, and what the dependency was asked.
        self.open_sessions = 0
        self.seen: list[Any] = []
        self.alcove = Alcove(f"sqlite:///{folder}/alcove.db", origins="https://shop.example", sends_per_s=0)
        self.app = FastAPI(lifespan=self.alcove.lifespan)
        self.app.state.shop = self
        self.app.add_exception_handler(HTTPException, self.handler)
        self.app.delete("/access/{item}/{user}", status_code=204)(self.end_access)
        self.app.include_router(self.alcove.router(self.member), prefix="/rooms")
        self.app.include_router(self.alcove.router(self.of_tenant), prefix="/of/{tenant}/rooms")

    async def handler(self, _request: Request, _error: Exception) -> PlainTextResponse:
        raise AssertionError("the host's handlers have no part in it")

    async def end_access(self, item: str, user: str) -> None:
        await self.alcove.revoke(user, item)

    async def member(
        self,
        item_id: str,
        request: Request,
        user: Annotated[str, Depends(current_user)],
        ttl: Annotated[float | None, Query(gt=0)] = None,
    ) -> Member:
        self.seen.append((item_id, request.method, str(request.url.path), request.app is self.app))
        match item_id:
            case "*":
                return Member(user, items={"order-*": "r", "*": "rwm" if user == "boss" else ""})
            case "crash":
                raise RuntimeError("a bug of the application")
            case "nobody":
                return None  # type: ignore[return-value]  # a bug, too
            case "invalid":
                return Member("x" * 200, "Nobody has such an id")
        if item_id in STATUSES or item_id == "303":
            raise HTTPException(int(item_id), f"refused with {item_id}", {"Retry-After": "3"})
        return Member(user, user.title(), "rw", expires=None if ttl is None else time.time() + ttl)

    async def of_tenant(self, tenant: str, item_id: str) -> Member:
        """Admit every caller, with the tenant in the name."""
        return Member("ada", f"Ada of {tenant}", "r", role="member" if item_id else None)
