"""Find environment variables that are no setting but are called almost like one: they would be ignored silently."""

import os
from collections.abc import Iterable
from difflib import get_close_matches

from dotenv import dotenv_values

from alcove.env_file import ENV_FILE
from alcove.settings import Settings

#: How alike two names are, from 0 to 1: a letter missing or exchanged, and not another word. Hosts may have variables
#: of their own that begin with `ALCOVE_`.
_ALIKE = 0.88


def find_mistyped(names: Iterable[str]) -> list[str]:
    """Return a sentence for each name that resembles a setting's, in the order of the names."""
    settings = [f"ALCOVE_{field.upper()}" for field in Settings.model_fields]
    unknown = [name for name in names if name.upper().startswith("ALCOVE_") and name.upper() not in settings]
    matches = [(name, get_close_matches(name.upper(), settings, n=1, cutoff=_ALIKE)) for name in unknown]
    return [f"{name} is not a setting and is ignored: did you mean {match[0]}?" for name, match in matches if match]


def find_mistyped_variables() -> list[str]:
    """Return such a sentence for the environment's variables and those of the file `.env`."""
    return find_mistyped(sorted({*os.environ, *dotenv_values(ENV_FILE, encoding="utf-8-sig")}))
