"""Alcove: a live room for every item of an application.

The public names are loaded when they are first used: a command that signs a token does not load the server.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.access.signing import sign_token
    from alcove.app import Alcove
    from alcove.client.asyncio import AsyncClient
    from alcove.client.sync import Client
    from alcove.errors import (
        AlcoveError,
        ForbiddenError,
        InvalidError,
        NotStartedError,
        OverloadedError,
        RateLimitedError,
        RequestError,
        SettingsError,
        TooLargeError,
        UnauthenticatedError,
        UnavailableError,
    )
    from alcove.library.entries import Entry, Members, Message, Page, Unread
    from alcove.library.imports import ImportEntry, ImportResult
    from alcove.library.member import Member
    from alcove.webhooks.signature import verify_webhook

__all__ = [
    "Alcove",
    "AlcoveError",
    "AsyncClient",
    "Client",
    "Entry",
    "ForbiddenError",
    "ImportEntry",
    "ImportResult",
    "InvalidError",
    "Member",
    "Members",
    "Message",
    "NotStartedError",
    "OverloadedError",
    "Page",
    "RateLimitedError",
    "RequestError",
    "SettingsError",
    "TooLargeError",
    "UnauthenticatedError",
    "UnavailableError",
    "Unread",
    "sign_token",
    "verify_webhook",
]

_MODULES = {
    "Alcove": "alcove.app",
    "AsyncClient": "alcove.client.asyncio",
    "Client": "alcove.client.sync",
    "Member": "alcove.library.member",
    "sign_token": "alcove.access.signing",
    "verify_webhook": "alcove.webhooks.signature",
    **dict.fromkeys(["ImportEntry", "ImportResult"], "alcove.library.imports"),
    **dict.fromkeys(["Entry", "Members", "Message", "Page", "Unread"], "alcove.library.entries"),
}


def __getattr__(name: str) -> object:
    """Import a public name from its module when it is first used.

    Raises:
        AttributeError: The name is not public.
        ModuleNotFoundError: The name needs a library that is not installed; the message names the extra to install.

    """
    if name not in __all__:
        raise AttributeError(f"module 'alcove' has no attribute {name!r}")
    try:
        return getattr(import_module(_MODULES.get(name, "alcove.errors")), name)
    except ModuleNotFoundError as error:
        if error.name == "httpx":
            raise ModuleNotFoundError(
                f"alcove.{name} needs httpx: install alcove-rooms[client]", name="httpx"
            ) from None
        raise
