"""Deliver every entry to the application's endpoint, with the connected members (K1)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alcove.clock import now_ms
from alcove.item_ids import is_internal
from alcove.protocol import Entry, Person, raw
from alcove.rooms.queries import Attendance, RoomQueries
from alcove.webhooks.endpoint import Endpoint
from alcove.webhooks.event import event_body, event_id
from alcove.webhooks.targets import DeliverEntry, Outcome

#: The name of the webhook among the consumers.
WEBHOOK = "webhook"


class WebhookTarget:
    """Delivers entries by sending them to the application's endpoint (Target)."""

    def __init__(self, endpoint: Endpoint, queries: RoomQueries) -> None:
        """Create the target.

        Args:
            endpoint: The address to send to.
            queries: Tells which members are connected to a room.

        """
        self.endpoint = endpoint
        self._queries = queries

    @property
    def receiver_id(self) -> str:
        """A hash of the endpoint's address (Target)."""
        return self.endpoint.digest

    def wants_item(self, item: str) -> bool:
        """Return whether the item is not internal (Target)."""
        return not is_internal(item)

    def wants_entry(self, _entry: Entry) -> bool:
        """Return True: every kind is sent (Target)."""
        return True

    @asynccontextmanager
    async def open_delivery(self, item: str) -> AsyncIterator[DeliverEntry]:
        """Provide the function that sends one entry of the item to the endpoint (Target)."""
        async with self._queries.open_attendance(item) as attendance:

            async def deliver(log_id: str, entry: Entry) -> Outcome:
                body = event_body(item, log_id, entry, await attendance())
                return await self.endpoint.post(event_id(item, log_id, entry.seq), body)

            yield deliver

    async def send_test(self) -> Outcome:
        """Send an event of type `test`, to show that the receiver works."""
        now = now_ms()
        entry = Entry(1, "message", f"test-{now}", Person("alcove", "Alcove"), now, body=raw("This is a test."))
        body = event_body("test", "test", entry, Attendance([], 0, []), type="test")
        return await self.endpoint.post(event_id("test", str(now), 1), body)
