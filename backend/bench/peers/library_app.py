"""An application that embeds Alcove, whose dependency admits every caller with a token."""

import os
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from alcove import Alcove, Member

#: Default settings, except for limits that a benchmark exceeds.
alcove = Alcove(
    f"sqlite:///{os.environ['BENCH_LOG']}",
    sends_per_s=0,
    handshakes_per_s=0,
    member_connections=100_000,
    connections=100_000,
)


async def member(item_id: str, user: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Member:  # noqa: ARG001 - as a host has it
    """Return the member that the token names."""
    return Member(user.credentials, rights="rw")


app = FastAPI(lifespan=alcove.lifespan)
app.include_router(alcove.router(member), prefix="/rooms")
