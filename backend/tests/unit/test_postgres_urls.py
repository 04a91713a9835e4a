"""Test that a PostgreSQL address may list hosts as for libpq, and which of the hosts is used."""

import pytest

from alcove.postgres_driver import connect_options
from alcove.urls import check_url, url_location

HOST_LISTS = [
    "postgresql://h1:5432,h2:5433/db",
    "postgresql://user:pass@h1,h2:5433/db?target_session_attrs=primary",
    "postgres://[::1]:5432,[::2]:5433/db",
    "postgresql:///db?host=h1,h2&port=5432,5433",
    "postgresql://%2Frun%2Fpostgresql/db",
]


@pytest.mark.parametrize("url", HOST_LISTS)
def test_a_list_of_hosts_is_accepted(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url", ["postgresql://h1:5432,h2:http/db", "redis://h1:6379,h2:6379/0", "postgresql://h:99999/"]
)
def test_a_list_with_an_invalid_port_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected an address"):
        check_url(url)


def test_a6_the_location_of_an_address_has_every_host_and_no_password() -> None:
    assert (
        url_location("postgresql://ada:secret@h1:5432,h2:5433/db?password=secret") == "postgresql://h1:5432,h2:5433/db"
    )
    assert url_location("postgresql://ada:se@cret@h1/db") == "postgresql://h1/db"


def test_x8_a_standby_is_used_only_if_the_address_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connect_options("postgresql://h1,h2/db", "alcove", "primary")["target_session_attrs"] == "primary"
    options = connect_options("postgresql://h1,h2/db?target_session_attrs=any", "alcove", "primary")
    assert "target_session_attrs" not in options
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "any")
    assert "target_session_attrs" not in connect_options("postgresql://h1,h2/db", "alcove", "primary")
