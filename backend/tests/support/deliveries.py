"""Send messages to servers that have a webhook, and check that the receiver got each one, in order (K2)."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import count, pairwise
from typing import Any

import httpx

from tests.support.credentials import token
from tests.support.http import http
from tests.support.servers import Address
from tests.support.webhook_receiver import Receiver

ADMIN = token(sub="admin", items={"*": "rwm"})


class Traffic:
    """A sender of messages to several items in turn, which counts the acknowledged messages of each item."""

    def __init__(self, item_count: int) -> None:
        self._items = [f"item-{number}" for number in range(item_count)]
        self._numbers = count()
        #: The number of acknowledged messages, by item.
        self.sent: dict[str, int] = defaultdict(int)

    @property
    def total(self) -> int:
        """The number of messages to all items."""
        return sum(self.sent.values())

    async def send(self, servers: Sequence[Address], message_count: int) -> None:
        """Send `message_count` messages, to each server in turn."""
        clients = [http(server, ADMIN) for server in servers]
        try:
            for _ in range(message_count):
                number = next(self._numbers)
                item = self._items[number % len(self._items)]
                await _post(clients[number % len(clients)], item, {"id": f"m{number}", "body": number})
                self.sent[item] += 1
        finally:
            for client in clients:
                await client.aclose()

    def assert_delivered_in_order(self, receiver: Receiver) -> None:
        """Assert that every message arrived, and none before the previous message of its item.

        Deliveries may be repeated.
        """
        seqs: dict[str, list[int]] = defaultdict(list)
        ids: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for delivery in receiver.accepted:
            seqs[delivery.item].append(delivery.entry["seq"])
            ids[delivery.id].add((delivery.item, delivery.entry["seq"]))
        for item, head in self.sent.items():
            assert set(seqs[item]) == set(range(1, head + 1))
            assert all(later <= earlier + 1 for earlier, later in pairwise(seqs[item]))
        # A delivery id belongs to one entry, also when the delivery is repeated.
        assert {len(entries) for entries in ids.values()} == {1}


def all_arrived(traffic: Traffic, receiver: Receiver) -> bool:
    """Return whether every message arrived."""
    return len({delivery.id for delivery in receiver.accepted}) == traffic.total


def delays_ms(receiver: Receiver, first: int) -> list[float]:
    """Return, sorted, the ms between storing and arrival of each delivery, starting at index `first`."""
    return sorted(delivery.received_ms - delivery.entry["at"] for delivery in receiver.accepted[first:])


async def _post(client: httpx.AsyncClient, item: str, body: dict[str, Any]) -> None:
    response = await client.post(f"/api/items/{item}/entries", json=body)
    assert response.status_code == 201, response.text
