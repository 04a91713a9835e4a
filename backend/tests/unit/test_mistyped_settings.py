"""Test which environment variables are reported as mistyped settings."""

import pytest

from alcove.mistyped_settings import find_mistyped
from alcove.settings import Settings

MISTYPED = {
    "ALCOVE_SECERT": "ALCOVE_SECRET",
    "ALCOVE_DATABSE_URL": "ALCOVE_DATABASE_URL",
    "ALCOVE_DATABASEURL": "ALCOVE_DATABASE_URL",
    "ALCOVE_SEND_PER_S": "ALCOVE_SENDS_PER_S",
    "alcove_retain_day": "ALCOVE_RETAIN_DAYS",
}
#: Variables of hosts and of the project's own commands, which are no settings.
UNREPORTED_NAMES = [
    "ALCOVE_URL",
    "ALCOVE_TOKEN",
    "ALCOVE_BACKEND",
    "ALCOVE_STORM",
    "ALCOVE_PUBLIC_URL",
    "SECERT",
    "PATH",
]


@pytest.mark.parametrize(("name", "setting"), MISTYPED.items())
def test_a_name_similar_to_a_setting_is_reported_with_it(name: str, setting: str) -> None:
    assert find_mistyped([name]) == [f"{name} is not a setting and is ignored: did you mean {setting}?"]


@pytest.mark.parametrize("name", UNREPORTED_NAMES)
def test_other_names_are_not_reported(name: str) -> None:
    assert find_mistyped([name]) == []


def test_no_setting_is_reported_as_mistyped() -> None:
    names = [f"ALCOVE_{field.upper()}" for field in Settings.model_fields]

    assert find_mistyped([*names, *map(str.lower, names)]) == []
