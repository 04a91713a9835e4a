"""Run a function at the signals that end the process, before the server handles them."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType

from alcove.background import BackgroundTasks


@contextmanager
def on_termination(stop: Callable[[], Coroutine[None, None, None]]) -> Iterator[None]:
    """Run `stop` when the first SIGINT or SIGTERM arrives; pass the signal on to the server's handler after that.

    A server that got the signal at once would close WebSockets itself, before `stop` can tell clients why (Z1). A
    second signal ends the wait: the server's handler gets both signals, and all later ones.

    Nothing changes for a signal without a handler of the server, and outside of the main thread: the server then ends
    in another way.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    # The server's own handlers.
    handlers = {
        sig: handler
        for sig in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(sig)) and handler is not signal.default_int_handler
    }
    # Signals that were not passed on to the server's handler yet.
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
