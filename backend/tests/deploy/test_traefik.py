"""Test the snippet for Traefik in the guide: its keys, and the requests that its rules route, without Traefik."""

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped] # its types are a separate package, and one call needs none

from tests.support.snippets import INTEGRATING, snippet

HTTP: dict[str, Any] = yaml.safe_load(snippet("alcove.yaml", INTEGRATING))["http"]
MATCHERS = {
    "Host": lambda argument: f"(host == {argument!r})",
    "Path": lambda argument: f"(path == {argument!r})",
    "PathPrefix": lambda argument: f"path.startswith({argument!r})",
}


def matches(rule: str, host: str, path: str) -> bool:
    """Return whether a rule matches a request, as Traefik reads it: matchers, `&&`, `||` and parentheses."""
    python = re.sub(r"(\w+)\(`([^`]*)`\)", lambda call: MATCHERS[call[1]](call[2]), rule)
    python = python.replace("&&", " and ").replace("||", " or ")
    return bool(eval(python, {"host": host, "path": path}))  # noqa: S307 - the project's own document


@pytest.mark.parametrize(
    ("host", "path", "router"),
    [
        ("shop.example", "/chat", "alcove-below-a-path"),
        ("shop.example", "/chat/items/foo/ws", "alcove-below-a-path"),
        ("shop.example", "/chatty", None),
        ("shop.example", "/", None),
        ("chat.example", "/items/foo/ws", "alcove-on-its-own-host"),
        ("other.example", "/chat/", None),
    ],
)
def test_b1_traefik_rules_route_the_base_path_and_the_separate_host(host: str, path: str, router: str | None) -> None:
    routers = [name for name, candidate in HTTP["routers"].items() if matches(candidate["rule"], host, path)]

    assert routers == ([] if router is None else [router])


def test_traefik_snippet_has_the_keys_of_the_file_provider() -> None:
    assert set(HTTP) == {"routers", "services"}
    for router in HTTP["routers"].values():
        assert set(router) == {"rule", "service"}
        (server,) = HTTP["services"][router["service"]]["loadBalancer"]["servers"]
        assert server == {"url": "http://127.0.0.1:8000"}
