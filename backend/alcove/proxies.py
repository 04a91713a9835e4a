"""Which proxies may say whom they forward (`X-Forwarded-*`): addresses, networks and host names."""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from alcove.errors import SettingsError

#: Stands for every address; only alone.
ANY = "*"

Network = IPv4Network | IPv6Network


def check_proxies(proxies: Iterable[str]) -> None:
    """Raises ValueError for what can name no proxy: a server would ignore it, and trust nobody."""
    proxies = list(proxies)
    for proxy in proxies:
        if proxy == ANY and len(proxies) > 1:
            raise ValueError("expected `*` alone, or addresses, networks and names without it")
        if proxy != ANY and _network(proxy) is None and not _is_name(proxy):
            raise ValueError(f"expected addresses, networks (10.0.0.0/8) and host names, got {proxy!r}")


def resolve(proxies: Iterable[str]) -> list[str]:
    """Return the proxies as addresses and networks, in the form that uvicorn compares.

    A name is looked up once. IPv4 stands in its IPv6 form, too, which a socket that takes both kinds reports.

    Raises:
        SettingsError: no such host.

    """
    found: list[str] = []
    for proxy in proxies:
        network = _network(proxy)
        if proxy == ANY:
            return [ANY]
        for known in [network] if network else _look_up(proxy):
            found += [_text(known)] + ([_mapped(known)] if isinstance(known, IPv4Network) else [])
    return list(dict.fromkeys(found))


def _network(text: str) -> Network | None:
    """Return the address or network; bits behind the prefix do not count (127.0.0.1/8)."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _is_name(text: str) -> bool:
    """Return whether the text may be a host's name; one that ends in a number is an address that went wrong."""
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(map(_is_label, labels)) and not labels[-1].isdigit()


def _is_label(text: str) -> bool:
    """Return whether the text may stand between the dots of a host's name (RFC 1123, section 2.1; `_` is common)."""
    plain = text.replace("-", "").replace("_", "")
    return plain.isascii() and plain.isalnum() and not text.startswith("-") and not text.endswith("-")


def _look_up(name: str) -> list[Network]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"ALCOVE_TRUSTED_PROXIES: the host {name!r} has no address: {error}") from None
    return [ip_network(str(address[0]).partition("%")[0]) for *_, address in found]


def _text(network: Network) -> str:
    """Return a single address without its prefix: uvicorn finds it in a set."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _mapped(network: IPv4Network) -> str:
    return _text(IPv6Network(f"::ffff:{network.network_address}/{96 + network.prefixlen}"))


class Proxies:
    """The trusted proxies, by address."""

    def __init__(self, proxies: Iterable[str]) -> None:
        """Raises SettingsError for a name without an address."""
        resolved = resolve(proxies)
        self._any = resolved == [ANY]
        self._networks = [] if self._any else [ip_network(proxy) for proxy in resolved]

    def __contains__(self, host: str) -> bool:
        """Return whether a request that comes from this address comes from a trusted proxy."""
        try:
            address = ip_address(host)
        except ValueError:
            return self._any
        return self._any or any(address in network for network in self._networks)
