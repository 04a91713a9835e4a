"""Create settings from the arguments of a call, without reading the environment."""

import re
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alcove.errors import SettingsError
from alcove.settings import Settings
from alcove.urls import redact_url


class LibrarySettings(Settings):
    """The settings of an embedded Alcove; its constructor takes the fields as arguments."""

    model_config = SettingsConfigDict(extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - as the base has it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read settings from the arguments only, not from the environment (pydantic-settings)."""
        return (init_settings,)

    @property
    def open(self) -> bool:
        """Whether this is open mode (A2): False, because the application authorizes callers."""
        return False


def settings_of(**arguments: Any) -> LibrarySettings:  # Any: each setting has its own type, which is checked
    """Create the settings from keyword arguments, and check them.

    Raises:
        SettingsError: A name or a value is wrong; the message is one line.

    """
    try:
        return LibrarySettings(**arguments)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"{name}: there is no such setting") from None
        value = redact_url(str(first["input"]))
        raise SettingsError(f"{name}={value!r}: {first['msg'][0].lower()}{first['msg'][1:]}") from None


def named_as_arguments(message: str) -> str:
    """Replace the names of environment settings in a message by the names of Alcove's arguments.

    Example:
        >>> named_as_arguments("set ALCOVE_BUS_URL=redis://…")
        'set bus_url=redis://…'

    """
    return re.sub(r"\bALCOVE_([A-Z_]+)", lambda name: name[1].lower(), message)
