"""Subscribe to the channels of items whose rooms open, and wait until the subscriptions take effect."""

import asyncio
import contextlib
from collections.abc import Iterable

from alcove.bus.base import Bus

#: Maximum seconds to wait until a subscription takes effect; then the room opens before that.
_EFFECT_S = 0.25


class ItemSubscriptions:
    """The subscriptions of this process to items' channels on the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        #: Items whose subscription has not taken effect yet.
        self._pending: dict[str, asyncio.Event] = {}

    def __contains__(self, item: str) -> bool:
        """Return whether a subscription to the item's channel was requested and has not taken effect yet."""
        return item in self._pending

    async def subscribe(self, item: str) -> None:
        """Subscribe to the item's channel; wait up to 0.25 s for the subscription to take effect if the bus is up."""
        effective = self._pending[item] = asyncio.Event()
        self._bus.subscribe(item)
        if self._bus.up:
            # Messages missed after a timeout are recovered: the bus reports a gap when the subscription takes effect.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EFFECT_S):
                    await effective.wait()
        del self._pending[item]

    def unsubscribe(self, item: str) -> None:
        """Unsubscribe from the item's channel."""
        self._bus.unsubscribe(item)

    def confirm(self, channels: Iterable[str]) -> None:
        """Wake the callers of `subscribe` that wait for these channels."""
        for channel in channels:
            if effective := self._pending.get(channel):
                effective.set()
