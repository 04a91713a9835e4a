"""Test that trusted proxies are resolved to the form that uvicorn compares."""

import pytest
from uvicorn.middleware.proxy_headers import _TrustedHosts

from alcove.errors import SettingsError
from alcove.proxies import check_proxies, resolve_proxies


@pytest.mark.parametrize(
    ("proxies", "trusted", "untrusted"),
    [
        (["127.0.0.1"], ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.2", "::1"]),
        (["127.0.0.1/8"], ["127.0.0.1", "127.9.9.9", "::ffff:127.9.9.9"], ["128.0.0.1"]),
        (["10.0.0.0/8", "192.0.2.7"], ["10.1.2.3", "192.0.2.7"], ["192.0.2.8"]),
        (["2001:db8::/32", "::1"], ["2001:db8:1::9", "::1"], ["2001:db9::1", "127.0.0.1"]),
        (["localhost"], ["127.0.0.1"], ["192.0.2.1", "localhost"]),
        (["*"], ["192.0.2.1", "2001:db8::1"], []),
        ([], [], ["127.0.0.1"]),
    ],
)
def test_only_named_proxies_are_trusted(proxies: list[str], trusted: list[str], untrusted: list[str]) -> None:
    check_proxies(proxies)
    hosts = _TrustedHosts(resolve_proxies(proxies))

    assert [address in hosts for address in trusted] == [True] * len(trusted)
    assert [address in hosts for address in untrusted] == [False] * len(untrusted)


@pytest.mark.parametrize(
    "proxy", ["", "a b", "10.0.0.0/33", "256.0.0.1", "1.2.3", "proxy:80", "-a", "a..b", "[::1]", "/"]
)
def test_an_invalid_proxy_is_refused(proxy: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        check_proxies([proxy])


@pytest.mark.parametrize(
    "proxy", ["proxy", "proxy.internal", "proxy_1", "proxy.example.", "127.0.0.1", "::1", "10.0.0.0/8"]
)
def test_addresses_networks_and_names_are_accepted(proxy: str) -> None:
    check_proxies([proxy])


def test_an_unresolvable_host_name_is_named_in_the_error() -> None:
    with pytest.raises(SettingsError, match="no-such-host"):
        resolve_proxies(["no-such-host.invalid"])
