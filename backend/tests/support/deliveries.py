"""Send messages to servers with a webhook, and compare what arrived with what was sent (K2)."""

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
    """Messages to several items, in turn; every one of them was acknowledged."""

    def __init__(self, items: int) -> None:
        self._items = [f"item-{number}" for number in range(items)]
        self._numbers = count()
        #: How many entries each item has.
        self.sent: dict[str, int] = defaultdict(int)

    @property
    def total(self) -> int:
        """The number of all messages."""
        return sum(self.sent.values())

    async def send(self, servers: Sequence[Address], messages: int) -> None:
        """Send this number of messages, in turn to the servers."""
        clients = [http(server, ADMIN) for server in servers]
        try:
            for _ in range(messages):
                number = next(self._numbers)
                item = self._items[number % len(self._items)]
                await _post(clients[number % len(clients)], item, {"id": f"m{number}", "body": number})
                self.sent[item] += 1
        finally:
            for client in clients:
                await client.aclose()

    def check(self, receiver: Receiver) -> None:
        """Check that each message arrived, and none before an earlier one of its item."""
        seqs: dict[str, list[int]] = defaultdict(list)
        ids: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for delivery in receiver.accepted:
            seqs[delivery.item].append(delivery.entry["seq"])
            ids[delivery.id].add((delivery.item, delivery.entry["seq"]))
        for item, number in self.sent.items():
            assert set(seqs[item]) == set(range(1, number + 1))
            assert all(later <= earlier + 1 for earlier, later in pairwise(seqs[item]))
        assert {len(entries) for entries in ids.values()} == {1}


def complete(traffic: Traffic, receiver: Receiver) -> bool:
    """Return whether every message arrived."""
    return len({delivery.id for delivery in receiver.accepted}) == traffic.total


def delays(receiver: Receiver, since: int) -> list[float]:
    """Return the ms from the storing of each entry to its arrival, for the arrivals from number `since` on, sorted."""
    return sorted(delivery.at - delivery.entry["at"] for delivery in receiver.accepted[since:])


async def _post(client: httpx.AsyncClient, item: str, body: dict[str, Any]) -> None:
    response = await client.post(f"/api/items/{item}/entries", json=body)
    assert response.status_code == 201, response.text
