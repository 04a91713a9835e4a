"""Write to a room's log and read it over HTTP, as a host application does (W1, W2)."""

from typing import Any

from tests.support.http import blocking_http
from tests.support.servers import Address


def post(server: Address | str, item: str, *bodies: object, name: str = "Shop", token: str = "some-key-token") -> None:
    """Send messages, one request each."""
    with blocking_http(server, token) as client:
        for body in bodies:
            client.post(f"/api/items/{item}/entries", params={"name": name}, json={"body": body}).raise_for_status()


def entries(server: Address | str, item: str, token: str = "some-key-token") -> list[dict[str, Any]]:
    """Return the newest 500 entries of the room's log."""
    with blocking_http(server, token) as client:
        found: list[dict[str, Any]] = (
            client.get(f"/api/items/{item}/entries", params={"limit": 500}).raise_for_status().json()["entries"]
        )
    return found


def bodies(server: Address | str, item: str, token: str = "some-key-token") -> list[object]:
    """Return the bodies of the newest 500 entries of the room's log."""
    return [entry["body"] for entry in entries(server, item, token)]
