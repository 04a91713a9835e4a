"""The bus of a single process: nobody else is there to hear."""

import asyncio

from alcove.bus.base import OnGap, OnMessage


class MemoryBus:
    """A bus without a medium (Bus)."""

    shared = False
    up = True
    max_bytes = 0
    mixed = False

    async def start(self, heard: OnMessage, restored: OnGap) -> None:  # noqa: ARG002 - nobody is heard
        """Nobody speaks here (Bus)."""
        self._restored = restored

    def subscribe(self, channel: str) -> None:
        """Nobody speaks there, and nothing is missed (Bus)."""
        asyncio.get_running_loop().call_soon(self._restored, frozenset({channel}))

    def unsubscribe(self, channel: str) -> None:
        """Nobody speaks there (Bus)."""

    def publish(self, channel: str, message: bytes, brief: bytes | None = None) -> None:
        """Nobody hears (Bus)."""

    async def close(self) -> None:
        """Nothing is held (Bus)."""
