"""Run a host application that embeds Alcove and admits its users by a dependency."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from alcove import Alcove, Member

#: The close code for each HTTP status that the dependency raises.
CLOSE_CODE_BY_STATUS = {
    "400": 4403,
    "401": 4401,
    "403": 4403,
    "404": 4403,
    "409": 4403,
    "422": 4400,
    "429": 4429,
    "503": 1011,
}


async def database_session(request: Request) -> AsyncIterator[str]:
    """Provide a placeholder for a database session, and count the open ones."""
    shop: Shop = request.app.state.shop
    shop.open_sessions += 1
    try:
        yield "a database session"
    finally:
        shop.open_sessions -= 1


async def current_user(
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    _session: Annotated[str, Depends(database_session)],
    user: Annotated[str | None, Cookie()] = None,
) -> str:
    """Return the user that the bearer token or the cookie names."""
    if token is None and user is None:
        raise HTTPException(401, "sign in first")
    return token.credentials if token else str(user)


def faulty_member(fault: str) -> Member:
    """Behave as a dependency with this bug: raise, or return an invalid member or one that changes later."""
    match fault:
        case "crash":
            raise RuntimeError("a bug of the application")
        case "nobody":
            return None  # type: ignore[return-value]
        case "invalid":
            return Member("x" * 200, "Nobody has such an id")
        case "expires":
            return Member("ada", expires="2099-01-01")  # type: ignore[arg-type]
    items = {"*": "r"}
    member = Member("ada", items=items)
    items["*"] = "x"
    return member


class Shop:
    """A host application whose dependency reads the user from the bearer token or the cookie `user`."""

    def __init__(self, folder: Path) -> None:
        #: The number of open placeholders for database sessions.
        self.open_sessions = 0
        #: Item, method, path and application of each call of the dependency `admit`.
        self.calls: list[Any] = []
        self.alcove = Alcove(f"sqlite:///{folder}/alcove.db", origins="https://shop.example", sends_per_s=0)
        self.app = FastAPI(lifespan=self.alcove.lifespan)
        self.app.state.shop = self
        self.app.add_exception_handler(HTTPException, self.fail_if_called)
        self.app.delete("/access/{item}/{user}", status_code=204)(self.end_access)
        self.app.include_router(self.alcove.router(self.admit), prefix="/rooms")
        self.app.include_router(self.alcove.router(self.admit_tenant), prefix="/of/{tenant}/rooms")

    async def fail_if_called(self, _request: Request, _error: Exception) -> PlainTextResponse:
        """Fail the test: exception handlers of the host must not handle errors of Alcove."""
        raise AssertionError("the host's exception handler was called")

    async def end_access(self, item: str, user: str) -> None:
        """Revoke the access of a user to an item."""
        await self.alcove.revoke(user, item)

    async def admit(
        self,
        item_id: str,
        request: Request,
        user: Annotated[str, Depends(current_user)],
        ttl: Annotated[float | None, Query(gt=0)] = None,
    ) -> Member:
        """Admit the user to the item; some item ids cause errors or invalid results."""
        self.calls.append((item_id, request.method, str(request.url.path), request.app is self.app))
        if user == "gone":
            return Member(user, items={"*": "rwm"}, rights="rwm", expires=time.time() - 0.1)
        match item_id:
            case "*":
                return Member(user, items={"order-*": "r", "*": "rwm" if user == "boss" else ""})
            case "crash" | "nobody" | "invalid" | "expires" | "altered":
                return faulty_member(item_id)
        if item_id in CLOSE_CODE_BY_STATUS or item_id == "303":
            raise HTTPException(int(item_id), f"refused with {item_id}", {"Retry-After": "3"})
        return Member(user, user.title(), "rw", expires=None if ttl is None else time.time() + ttl)

    async def admit_tenant(self, tenant: str, item_id: str) -> Member:
        """Admit every caller, with the tenant in the name."""
        return Member("ada", f"Ada of {tenant}", "r", role="member" if item_id else None)
