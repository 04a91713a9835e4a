"""Alcove: a live room for every item of an application.

The public names are loaded when they are first used: a command that signs a token does not load the server.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.access.signing import sign_token
    from alcove.app import Alcove
    from alcove.errors import (
        AlcoveError,
        ForbiddenError,
        InvalidError,
        NotStartedError,
        OverloadedError,
        RequestError,
        SettingsError,
        TooLargeError,
        UnavailableError,
    )
    from alcove.library.entries import Entry, Members, Message, Page, Unread
    from alcove.library.member import Member

__all__ = [
    "Alcove",
    "AlcoveError",
    "Entry",
    "ForbiddenError",
    "InvalidError",
    "Member",
    "Members",
    "Message",
    "NotStartedError",
    "OverloadedError",
    "Page",
    "RequestError",
    "SettingsError",
    "TooLargeError",
    "UnavailableError",
    "Unread",
    "sign_token",
]

_MODULES = {
    "Alcove": "alcove.app",
    "Member": "alcove.library.member",
    "sign_token": "alcove.access.signing",
    **dict.fromkeys(["Entry", "Members", "Message", "Page", "Unread"], "alcove.library.entries"),
}


def __getattr__(name: str) -> object:
    """Return a public name of the package."""
    if name not in __all__:
        raise AttributeError(f"module 'alcove' has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "alcove.errors")), name)
