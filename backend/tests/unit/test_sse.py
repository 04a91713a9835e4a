"""The events of one reader, without a server (W3)."""

from alcove.wire.connection import Frame
from alcove.wire.sse import SseConnection
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_w3_a_reader_of_events_that_does_not_take_its_end_in_time_is_cut_off() -> None:
    cuts = list[str]()
    stuck, gone = (SseConnection(lambda name=name: cuts.append(name)) for name in ("stuck", "gone"))  # type: ignore[misc]  # bound now
    for reader in (stuck, gone):
        reader.write(Frame(b'{"type":"pong"}'))
        reader.close(4401, "expired")
    await elapse(4.9)
    assert [] == cuts
    gone.ended()
    await elapse(0.2)

    assert ["stuck"] == cuts
