"""Create settings from the arguments of a call, without reading the environment."""

import re
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alcove.errors import AlcoveError, SettingsError
from alcove.settings import Settings
from alcove.storage.open import sqlite_file
from alcove.urls import redact_url
from alcove.webhooks.deliveries import check_webhook

#: The settings that list several values in one string, and the separator of the values.
_SEPARATORS = {"origins": ",", "frame_ancestors": " ", "picture_origins": ",", "trusted_proxies": ","}


class LibrarySettings(Settings):
    """The settings of an embedded Alcove; its constructor takes the fields as arguments."""

    model_config = SettingsConfigDict(extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class has the argument
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read settings from the arguments only, not from the environment (pydantic-settings)."""
        return (init_settings,)

    @property
    def open_mode(self) -> bool:
        """Whether this is open mode (A2): False, because the application authorizes callers."""
        return False


def settings_of(**arguments: Any) -> LibrarySettings:  # Any: each setting has its own type, which is checked
    """Create and check the settings from keyword arguments.

    Raises:
        SettingsError: A name or a value is wrong, or settings contradict each other. The message is one line.

    """
    try:
        settings = LibrarySettings(**arguments)
    except ValidationError as error:
        raise SettingsError(_describe(error.errors()[0])) from None
    try:
        sqlite_file(settings.database_url)
        check_webhook(settings)
    except SettingsError as error:
        raise with_argument_names(error) from None
    return settings


def _describe(error: ErrorDetails) -> str:
    """Describe the wrong value of one argument: what was expected, what it is, and what to write instead."""
    name, value = ".".join(map(str, error["loc"])), error["input"]
    if error["type"] == "extra_forbidden":
        return f"{name}: there is no such setting"
    if error["type"] != "string_type":
        message = error["msg"].removeprefix("Value error, ")
        return f"{name}={redact_url(str(value))!r}: {message[0].lower()}{message[1:]}"
    # The message has only the value's type, because the value may be a secret (A6).
    message = f"{name}: expected a string, got {type(value).__name__}"
    if name in _SEPARATORS and isinstance(value, list | tuple | set | frozenset):
        message += f": write {name}={_SEPARATORS[name].join(map(str, value))!r}"
    return message


def with_argument_names(error: AlcoveError) -> AlcoveError:
    """Change the error, and return it: its message names Alcove's arguments, and it has no traceback.

    Servers print the traceback if a lifespan fails. Without Alcove's own frames, the message is easy to find.
    """
    error.args = (named_as_arguments(str(error)),)
    return error.with_traceback(None)


def named_as_arguments(message: str) -> str:
    """Replace the names of environment settings in a message by the names of Alcove's arguments.

    Example:
        >>> named_as_arguments("set ALCOVE_BUS_URL=redis://…")
        'set bus_url=redis://…'

    """
    return re.sub(r"\bALCOVE_([A-Z_]+)", lambda name: name[1].lower(), message)
