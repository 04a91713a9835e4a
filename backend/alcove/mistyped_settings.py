"""Find environment variables whose names resemble those of settings: a mistyped setting would be ignored silently."""

import os
from collections.abc import Iterable
from difflib import get_close_matches

from dotenv import dotenv_values

from alcove.env_file import ENV_FILE
from alcove.settings import Settings

#: The similarity of two names, from 0 to 1, above which one is probably a mistyped form of the other: a letter is
#: missing or wrong. It is high because hosts may have other variables that begin with `ALCOVE_`.
_MIN_SIMILARITY = 0.88


def find_mistyped(names: Iterable[str]) -> list[str]:
    """Return a sentence for each name that is similar to the name of a setting, in the order of the names."""
    settings = [f"ALCOVE_{field.upper()}" for field in Settings.model_fields]
    unknown = [name for name in names if name.upper().startswith("ALCOVE_") and name.upper() not in settings]
    matches = [(name, get_close_matches(name.upper(), settings, n=1, cutoff=_MIN_SIMILARITY)) for name in unknown]
    return [f"{name} is not a setting and is ignored: did you mean {match[0]}?" for name, match in matches if match]


def find_mistyped_variables() -> list[str]:
    """Check the names of all variables of the environment and of the file `.env` with `find_mistyped`."""
    return find_mistyped(sorted({*os.environ, *dotenv_values(ENV_FILE, encoding="utf-8-sig")}))
