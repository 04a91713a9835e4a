"""Test which origins are the server's own, and which are configured (A5)."""

import pytest

from alcove.access.origin_policy import OriginPolicy
from alcove.origins import Origin

OWN_ORIGINS = [
    ("http://x", "x"),
    ("http://x:80", "x"),
    ("http://x", "x:80"),
    ("http://x", "X"),
    ("http://X", "x."),
    ("http://x.", "x"),
    ("http://x:8000", "x:8000"),
    ("http://[::1]:8000", "[::1]:8000"),
    ("http://[::1]", "[::1]:80"),
    ("https://x", "x:443"),  # behind a proxy that does not forward the scheme
    ("https://x", "x"),
]
OTHER_ORIGINS = [
    ("http://y", "x"),
    ("http://x:81", "x"),
    ("http://x", "x:443"),
    ("http://x", "x:8000"),
    ("http://x.evil.example", "x"),
    ("null", "x"),
    ("", "x"),
    ("http://", ""),
    ("http://x", ""),
    ("http://x", None),
    ("http://None", None),
    ("file://", "x"),
    ("http://[", "["),
    ("http://x/", "x"),
    ("http://u@x", "x"),
    ("http://x", "u@x"),
    ("http://x:99999", "x:99999"),
    ("capacitor://x", "x"),
    ("http://x?y", "x?y"),
    ("http://x#y", "x#y"),
    ("http://х", "х"),  # Cyrillic: browsers send punycode
]


@pytest.mark.parametrize(("origin", "host"), OWN_ORIGINS)
def test_a5_origins_are_equal_by_scheme_host_and_port(origin: str, host: str) -> None:
    assert OriginPolicy().allows_cookie(origin, host, secure=False)


@pytest.mark.parametrize(("origin", "host"), OTHER_ORIGINS)
def test_a5_another_origin_is_not_the_servers_own(origin: str, host: str | None) -> None:
    assert not OriginPolicy().allows_cookie(origin, host, secure=False)


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("https://x", "x:443", True),
        ("https://X", "x.", True),
        ("https://x:443", "x", True),
        ("https://x", "x:80", False),
        ("http://x", "x", False),
        ("http://x:443", "x:443", False),
    ],
)
def test_a5_over_tls_only_an_https_origin_is_the_servers_own(origin: str, host: str, *, is_own: bool) -> None:
    assert OriginPolicy().allows_cookie(origin, host, secure=True) == is_own


@pytest.mark.parametrize("origin", ["capacitor://localhost", "tauri://localhost", "https://app.example", "http://a:81"])
def test_a5_a_configured_origin_has_any_case_and_scheme(origin: str) -> None:
    policy = OriginPolicy([origin.upper() if origin.startswith("http") else origin])
    has_port = origin.count(":") == 2
    other_origin = "https://app.example.evil" if has_port else f"{origin}:7777"

    assert policy.allows_cookie(origin, "x", secure=True)
    assert not policy.allows_cookie(other_origin, "x", secure=True)


def test_a5_a_request_without_origin_is_allowed() -> None:
    assert OriginPolicy().allows_cookie(None, "x", secure=True)


@pytest.mark.parametrize(
    "text", ["app.example", "https://", "https://app.example/", "https://a b", "*", "null", "https://*.x"]
)
def test_a5_an_invalid_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Origin.parse(text)


def test_a5_an_origin_is_written_as_browsers_send_it() -> None:
    for text in ("https://app.example", "http://app.example:8080", "capacitor://localhost", "http://[::1]:81"):
        assert str(Origin.parse(text)) == text
    assert str(Origin.parse("HTTPS://App.Example:443")) == "https://app.example"
