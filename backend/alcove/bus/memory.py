"""The bus of a single process: there is no other process to send to."""

import asyncio

from alcove.bus.base import OnGap, OnMessage


class MemoryBus:
    """A bus without a server; publishes nothing and receives nothing (Bus)."""

    shared = False
    up = True
    max_bytes = 0
    mixed_versions = False

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:  # noqa: ARG002 - no message ever arrives
        """Store `on_gap`, to confirm subscriptions (Bus)."""
        self._on_gap = on_gap

    def subscribe(self, channel: str) -> None:
        """Call `on_gap` with the channel in the next turn of the event loop (Bus)."""
        asyncio.get_running_loop().call_soon(self._on_gap, frozenset({channel}))

    def unsubscribe(self, channel: str) -> None:
        """Do nothing (Bus)."""

    def publish(self, channel: str, message: bytes, fallback: bytes | None = None) -> None:
        """Drop the message (Bus)."""

    async def close(self) -> None:
        """Do nothing (Bus)."""
