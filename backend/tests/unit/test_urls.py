"""Test which addresses settings accept, and that passwords in them are hidden (A6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.urls import check_url, redact_url

VALID_URLS = [
    "postgresql://ada:secret@db.example:5432/alcove?sslmode=require",
    "redis://127.0.0.1",
    "redis://[::1]:6379/0",
    "https://example.org/jwks.json",
    "sqlite:///var/lib/alcove.db",
    "memory",
    "/etc/alcove/jwks.json",
    "/a folder/jwks.json",
]


@pytest.mark.parametrize("url", VALID_URLS)
def test_an_address_is_accepted_unchanged(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "redis://db:port",
        "redis://db:99999",
        "redis://db:-1",
        "redis://[::1",
        "redis:db",
        "rediss:/db/0",
        "postgresql:db",
        "https:example.org/jwks.json",
        "https://exam ple.org/",
        " redis://db",
        "redis://db\n",
        "redis://db/\t0",
    ],
)
def test_a_malformed_address_is_an_error_with_the_expected_form(url: str) -> None:
    with pytest.raises(ValueError, match="expected an address"):
        check_url(url)


def test_a6_the_error_does_not_repeat_the_address() -> None:
    with pytest.raises(ValueError, match="expected an address") as error:
        check_url("redis://:secret@db:port")

    assert "secret" not in repr(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://ada:secret@db:5432/alcove", "postgresql://***@db:5432/alcove"),
        ("redis://:secret@db/0", "redis://***@db/0"),
        ("postgresql://db/alcove?password=secret", "postgresql://db/alcove?***"),
        ("postgresql://ada:secret@db/alcove?sslmode=require", "postgresql://***@db/alcove?***"),
        ("postgresql://db/alcove?password=sec@ret", "postgresql://***"),
        ("redis://:sec?ret@db/0", "redis://***"),
        ("ada:secret@db/alcove", "***@db/alcove"),
        ("postgresql:/ada:secret@db/alcove", "***@db/alcove"),
        ("redis://db:6379", "redis://db:6379"),
        ("memory", "memory"),
        ("/etc/jwks@home.json", "/etc/jwks@home.json"),
    ],
)
def test_a6_user_password_and_query_of_an_address_are_hidden(url: str, expected: str) -> None:
    assert redact_url(url) == expected


#: Passwords with characters that should have been percent-encoded.
passwords = st.text(alphabet="Q@:/?#&=% \n", min_size=1, max_size=8)


@given(passwords)
def test_a6_no_part_of_a_password_is_shown(password: str) -> None:
    in_userinfo = redact_url(f"postgresql://ada:{password}@db.example/alcove")
    in_query = redact_url(f"postgresql://db.example/alcove?password={password}")
    in_both = redact_url(f"postgresql://ada:{password}@db.example/alcove?password={password}")

    assert [text for text in (in_userinfo, in_query, in_both) if "Q" in text] == []
    assert all(text.startswith("postgresql://") for text in (in_userinfo, in_query, in_both))
