"""React to the signals that end the process, before the server waits for connections that do not end by themselves."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType

from alcove.background import BackgroundTasks


@contextmanager
def on_termination(stop: Callable[[], Coroutine[None, None, None]]) -> Iterator[None]:
    """Run `stop` when the first SIGINT or SIGTERM arrives; the server's own handler gets the signal after it.

    A server that got the signal at once would close WebSockets itself, before `stop` can tell clients why (Z1). A
    second signal ends the wait: the server's handler gets both, and all that follow.

    A signal without a handler of the server, and every signal outside of the main thread, is left alone: such a server
    is ended by other means.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    previous = {sig: signal.getsignal(sig) for sig in (signal.SIGINT, signal.SIGTERM)}
    #: Signals that the server's handler has not got yet.
    waiting: list[tuple[int, FrameType | None]] = []
    stopping = False
    tasks = BackgroundTasks()

    def pass_on() -> None:
        while waiting:
            sig, frame = waiting.pop(0)
            handler = previous[signal.Signals(sig)]
            if callable(handler):
                handler(sig, frame)

    def start() -> None:
        tasks.spawn(stop()).add_done_callback(lambda _: pass_on())

    def handle(sig: int, frame: FrameType | None) -> None:
        nonlocal stopping
        waiting.append((sig, frame))
        if stopping:
            pass_on()
        else:
            stopping = True
            loop.call_soon_threadsafe(start)

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
