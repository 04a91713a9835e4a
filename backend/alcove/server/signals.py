"""Hear that the process is asked to end, before its server waits for connections that would never end by themselves."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def at_the_end(act: Callable[[], object]) -> Iterator[None]:
    """Run `act` on the loop when SIGINT or SIGTERM comes; the server's own handler runs as before.

    A server that set no handlers, or runs beside the main thread, is ended by other means and is left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    servers = {sig: signal.getsignal(sig) for sig in (signal.SIGINT, signal.SIGTERM)}

    def hear(sig: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        handler = servers[signal.Signals(sig)]
        if callable(handler):
            handler(sig, frame)

    heard = [sig for sig, handler in servers.items() if callable(handler) and handler is not signal.default_int_handler]
    for sig in heard:
        signal.signal(sig, hear)
    try:
        yield
    finally:
        for sig in heard:
            signal.signal(sig, servers[sig])
