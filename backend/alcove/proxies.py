"""Decide which proxies' `X-Forwarded-*` headers are trusted: by addresses, networks and host names."""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from alcove.errors import SettingsError

#: The entry that trusts every address; it cannot be combined with other entries.
ANY = "*"

Network = IPv4Network | IPv6Network


def check_proxies(proxies: Iterable[str]) -> None:
    """Check the form of each entry: an address, a network, a host name, or a lone `*`. Names are not looked up.

    Raises:
        ValueError: An entry is none of these, or `*` is not alone.

    """
    proxies = list(proxies)
    for proxy in proxies:
        if proxy == ANY and len(proxies) > 1:
            raise ValueError("expected `*` alone, or addresses, networks and host names without `*`")
        if proxy != ANY and _parse_network(proxy) is None and not _is_host_name(proxy):
            raise ValueError(f"expected addresses, networks (10.0.0.0/8) and host names, got {proxy!r}")


def resolve_proxies(proxies: Iterable[str]) -> list[str]:
    """Convert the entries to addresses and networks, in the form that uvicorn compares.

    Host names are looked up once, which blocks. IPv4 addresses are added in their IPv6 form, too, because
    dual-stack sockets report it.

    Raises:
        SettingsError: A host name has no address.

    """
    addresses: list[str] = []
    for proxy in proxies:
        network = _parse_network(proxy)
        if proxy == ANY:
            return [ANY]
        for trusted in [network] if network else _resolve(proxy):
            addresses += [_format_network(trusted)] + (
                [_ipv4_mapped(trusted)] if isinstance(trusted, IPv4Network) else []
            )
    return list(dict.fromkeys(addresses))


def _parse_network(text: str) -> Network | None:
    """Parse an address or network, with host bits allowed (127.0.0.1/8); return None if the text is neither."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _is_host_name(text: str) -> bool:
    """Return whether the text can be a host name. If its last label is a number, it is rather a mistyped address."""
    labels = text.removesuffix(".").split(".")
    return len(text) <= 253 and all(map(_is_host_label, labels)) and not labels[-1].isdigit()


def _is_host_label(text: str) -> bool:
    """Return whether the text can be one label of a host name (RFC 1123, section 2.1; `_` is common)."""
    plain = text.replace("-", "").replace("_", "")
    return plain.isascii() and plain.isalnum() and not text.startswith("-") and not text.endswith("-")


def _resolve(name: str) -> list[Network]:
    """Resolve a host name to its addresses, which blocks. Raises SettingsError if it has none."""
    try:
        addresses = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"ALCOVE_TRUSTED_PROXIES: the host {name!r} has no address: {error}") from None
    return [ip_network(str(address[0]).partition("%")[0]) for *_, address in addresses]


def _format_network(network: Network) -> str:
    """Format a network as text; a single address without prefix length, because uvicorn compares addresses as text."""
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _ipv4_mapped(network: IPv4Network) -> str:
    """Format the IPv4-mapped IPv6 form (`::ffff:…`) of an IPv4 network."""
    return _format_network(IPv6Network(f"::ffff:{network.network_address}/{96 + network.prefixlen}"))


class TrustedProxies:
    """The set of addresses and networks of trusted proxies; `in` tests an address."""

    def __init__(self, proxies: Iterable[str]) -> None:
        """Resolve the entries as `resolve_proxies` does.

        Raises:
            SettingsError: A host name has no address.

        """
        resolved = resolve_proxies(proxies)
        self._any = resolved == [ANY]
        self._networks = [] if self._any else [ip_network(proxy) for proxy in resolved]

    def __contains__(self, host: str) -> bool:
        """Return whether `host` is the address of a trusted proxy. Text that is no address is trusted only by `*`."""
        try:
            address = ip_address(host)
        except ValueError:
            return self._any
        return self._any or any(address in network for network in self._networks)
