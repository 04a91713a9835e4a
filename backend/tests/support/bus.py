"""Connect processes in memory over a bus whose messages tests can read and drop."""

import asyncio
from collections.abc import Iterator

from alcove.bus.base import OnGap, OnMessage
from alcove.cluster.messages import ClusterMessage, decode


class Network:
    """A network that passes messages between the buses of several processes, in the order of each publisher."""

    def __init__(self) -> None:
        self.buses: list[FakeBus] = []

    def connect(self) -> "FakeBus":
        """Create the bus of one more process."""
        bus = FakeBus(self)
        self.buses.append(bus)
        return bus


class FakeBus:
    """A bus without I/O (Bus). A message arrives in the event loop's next turn, or never while the bus is down."""

    shared = True
    max_bytes = 256 * 1024

    def __init__(self, network: Network | None = None) -> None:
        self.up = True
        self.mixed_versions = False
        #: Whether the bus confirms a subscription.
        self.confirms = True
        self.channels: set[str] = set()
        #: Everything that this process published, with its channel.
        self.published: list[tuple[str, bytes]] = []
        self.closed = False
        self._network = network
        self._on_message: OnMessage = lambda _channel, _message: None
        self._on_gap: OnGap = lambda _: None

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Store the callbacks (Bus)."""
        self._on_message = on_message
        self._on_gap = on_gap

    def subscribe(self, channel: str) -> None:
        """Subscribe to the channel, and confirm this with a gap in the next turn (Bus)."""
        self.channels.add(channel)
        if self.up and self.confirms:
            asyncio.get_running_loop().call_soon(self._on_gap, frozenset({channel}))

    def unsubscribe(self, channel: str) -> None:
        """Stop receiving the channel's messages (Bus)."""
        self.channels.discard(channel)

    def publish(self, channel: str, message: bytes, fallback: bytes | None = None) -> None:  # noqa: ARG002 - all fits
        """Send a message to the other processes (Bus)."""
        self.published.append((channel, message))
        if self._network is None or not self.up:
            return
        for bus in self._network.buses:
            if bus is not self:
                asyncio.get_running_loop().call_soon(bus.receive, channel, message)

    async def close(self) -> None:
        """Record that the bus was closed (Bus)."""
        self.closed = True

    def receive(self, channel: str, message: bytes) -> None:
        """Deliver a message that another process published."""
        if self.up and channel in self.channels:
            self._on_message(channel, message)

    def fail(self) -> None:
        """Lose every message from now on, in both directions."""
        self.up = False

    def recover(self) -> None:
        """Pass messages again, and report a gap on every channel."""
        self.up = True
        self._on_gap(frozenset(self.channels))

    def new_messages(self) -> list[tuple[str, ClusterMessage]]:
        """Return the decoded messages that were published since the last call, with their channels."""
        messages = list(self._decoded())
        self.published.clear()
        return messages

    def _decoded(self) -> Iterator[tuple[str, ClusterMessage]]:
        for channel, message in self.published:
            yield channel, decode(message)[0]
