"""React to the signals that end the process, before the server waits for connections that do not end by themselves."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def on_termination(callback: Callable[[], object]) -> Iterator[None]:
    """Call `callback` on the event loop when SIGINT or SIGTERM arrives, and then the server's own handler.

    A signal without a handler of the server, and every signal outside of the main thread, is left alone: such a server
    is ended by other means.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    previous = {sig: signal.getsignal(sig) for sig in (signal.SIGINT, signal.SIGTERM)}

    def handle(sig: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        handler = previous[signal.Signals(sig)]
        if callable(handler):
            handler(sig, frame)

    replaced = [
        sig for sig, handler in previous.items() if callable(handler) and handler is not signal.default_int_handler
    ]
    for sig in replaced:
        signal.signal(sig, handle)
    try:
        yield
    finally:
        for sig in replaced:
            signal.signal(sig, previous[sig])
