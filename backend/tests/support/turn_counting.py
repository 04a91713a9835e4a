"""Count the turns of an event loop, and record in which turn a receiver is called."""

import asyncio
from collections.abc import Iterator

from alcove.wire.accept import AcceptedConnection
from alcove.wire.connection import text_frame


class TurnCounter:
    """A counter of the turns of the event loop."""

    def __init__(self) -> None:
        self.count = 0
        self._on_turn()

    def _on_turn(self) -> None:
        self.count += 1
        self._handle = asyncio.get_running_loop().call_soon(self._on_turn)

    def stop(self) -> None:
        """Stop counting."""
        self._handle.cancel()


class SlowReceiver:
    """A receiver that records the turn of each message, and needs three turns for one that begins with `slow`."""

    def __init__(self, connection: AcceptedConnection, turns: TurnCounter) -> None:
        self.connection = connection
        self.turns = turns
        #: The turn of each call.
        self.calls: list[int] = []
        self.received: list[str | bytes] = []
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def on_text(self, data: str) -> Iterator[None] | None:
        self.record(data)
        if data.startswith("close"):
            self.connection.close(4401, "as told")
        elif data.startswith("slow"):
            return self.continue_slowly(data)
        elif data == "last":
            self.connection.write(text_frame("heard"))
        return None

    def continue_slowly(self, data: str) -> Iterator[None]:
        for step in range(2):
            yield
            self.record(f"{data} {step}")

    def on_binary(self, data: bytes) -> None:
        self.record(data)

    def on_close(self, code: int) -> None:
        self.ended.set_result(code)

    def record(self, data: str | bytes) -> None:
        self.calls.append(self.turns.count)
        self.received.append(data)

    @property
    def max_calls_per_turn(self) -> int:
        """The number of calls in the busiest turn."""
        return max(map(self.calls.count, self.calls))
