"""The events of one reader, without a server (W3)."""

import asyncio

from alcove.wire.connection import Frame
from alcove.wire.sse import SseConnection
from tests.doubles import HandLoop, turn


def test_w3_a_reader_of_events_that_does_not_take_its_end_in_time_is_cut_off() -> None:
    async def play() -> list[str]:
        loop, cuts = asyncio.get_running_loop(), list[str]()
        assert isinstance(loop, HandLoop)
        stuck, gone = (SseConnection(lambda name=name: cuts.append(name)) for name in ("stuck", "gone"))  # type: ignore[misc]  # bound now
        for reader in (stuck, gone):
            reader.write(Frame(b'{"type":"pong"}'))
            reader.close(4401, "expired")
        loop.now += 4.9
        await turn()
        assert [] == cuts
        gone.ended()
        loop.now += 0.2
        await turn()
        return cuts

    with asyncio.Runner(loop_factory=HandLoop) as runner:
        assert ["stuck"] == runner.run(play())
