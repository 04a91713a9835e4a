"""Tests of the arguments of `Alcove`: a wrong one is refused at construction, with one line that says what to write."""

from pathlib import Path
from typing import Any

import pytest

from alcove import Alcove, SettingsError
from tests.support.webhook_receiver import WEBHOOK_SECRET

MAKE_ONE = "make one with: echo whsec_$(openssl rand -base64 32)"
#: Arguments that cannot be used, and the whole message of the error.
INVALID_ARGUMENTS: list[tuple[dict[str, Any], str]] = [
    (
        {"origins": ["https://a.example", "https://b.example"]},
        "origins: expected a string, got list: write origins='https://a.example,https://b.example'",
    ),
    (
        {"frame_ancestors": ("'self'", "https://a.example")},
        "frame_ancestors: expected a string, got tuple: write frame_ancestors=\"'self' https://a.example\"",
    ),
    ({"origins": 5}, "origins: expected a string, got int"),
    (
        {"origins": "app.example"},
        "origins='app.example': expected an origin, as https://app.example, got 'app.example'",
    ),
    (
        {"frame_ancestors": "https://a.example, https://b.example"},
        (
            "frame_ancestors='https://a.example, https://b.example': expected origins separated by spaces,"
            " as https://app.example https://*.example, or 'none' (CSP `frame-ancestors`)"
        ),
    ),
    ({"database_url": Path("alcove.db")}, "database_url: expected a string, got PosixPath"),
    (
        {"database_url": "mysql://user:word@127.0.0.1/shop"},
        "database_url='mysql://***@127.0.0.1/shop': expected sqlite:///path or postgresql://host/database",
    ),
    (
        {"webhook_url": "https://app.example/hooks"},
        f"webhook_url is set without webhook_secret, which signs what is sent there; {MAKE_ONE}",
    ),
    (
        {"webhook_url": "https://app.example/hooks", "webhook_secret": "whsec_word"},
        f"webhook_secret: expected whsec_ and Base64 of 24 to 64 bytes; {MAKE_ONE}",
    ),
    ({"webhook_secret": 5}, "webhook_secret: expected a string, got int"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), INVALID_ARGUMENTS, ids=[" ".join(arguments) for arguments, _ in INVALID_ARGUMENTS]
)
def test_a6_wrong_argument_is_refused_at_construction(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as error:
        Alcove(**arguments)

    assert str(error.value) == message


def test_k1_webhook_with_a_secret_is_accepted() -> None:
    alcove = Alcove(webhook_url="https://app.example/hooks", webhook_secret=WEBHOOK_SECRET)

    assert alcove.settings.webhook_url == "https://app.example/hooks"
