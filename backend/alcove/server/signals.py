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

    Signals for which the server has no handler, and all signals outside of the main thread, are not handled, because
    such a server is ended by other means.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    #: The server's own handlers.
    handlers = {
        sig: handler
        for sig in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(sig)) and handler is not signal.default_int_handler
    }
    #: Signals that were not passed on to the server's handler yet.
    pending: list[tuple[int, FrameType | None]] = []
    stopping = False
    tasks = BackgroundTasks()

    def pass_on() -> None:
        while pending:
            sig, frame = pending.pop(0)
            handlers[signal.Signals(sig)](sig, frame)

    def start() -> None:
        tasks.spawn(stop()).add_done_callback(lambda _: pass_on())

    def handle(sig: int, frame: FrameType | None) -> None:
        nonlocal stopping
        pending.append((sig, frame))
        if stopping:
            pass_on()
        else:
            stopping = True
            loop.call_soon_threadsafe(start)

    for sig in handlers:
        signal.signal(sig, handle)
    try:
        yield
    finally:
        for sig, handler in handlers.items():
            signal.signal(sig, handler)
