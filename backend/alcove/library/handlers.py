"""Call functions of the application with the entries of rooms: at least once, in order for each item (K5)."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal, TypeVar

from alcove import protocol
from alcove.access.rights import rights_on
from alcove.errors import AlcoveError, SettingsError
from alcove.item_ids import ItemIdError, check_pattern, is_internal
from alcove.library.entries import Entry, Message, entry_of
from alcove.webhooks.targets import Delivered, DeliverEntry, Failed, Outcome
from alcove.webhooks.webhook import WEBHOOK

Kind = Literal["message", "edit", "delete", "event"]
#: A handler: a coroutine function, or a plain function that is called in a thread.
OnMessage = Callable[[Message], Awaitable[None]] | Callable[[Message], None]
OnEntry = Callable[[Entry], Awaitable[None]] | Callable[[Entry], None]
F = TypeVar("F", bound=Callable[..., object])
M = TypeVar("M", bound=OnMessage)
E = TypeVar("E", bound=OnEntry)

#: The form of a name, which is part of paths and metrics.
_NAME = re.compile(r"[\w:-][\w.:-]{0,99}")


class HandlerTarget:
    """Delivers entries by calling a function of the application (Target)."""

    def __init__(self, name: str, pattern: str, kind: Kind, function: Callable[..., object], timeout_s: float) -> None:
        """Store the function, and which entries it gets.

        Args:
            name: The consumer's name.
            pattern: An item, or the beginning of items and `*`.
            kind: The kind of the entries.
            function: The handler.
            timeout_s: Seconds that one call may take.

        """
        self._name = name
        self._pattern = {pattern: "r"}
        self._kind = kind
        self._function = function
        self._timeout_s = timeout_s

    @property
    def receiver_id(self) -> str:
        """An empty string, because a handler never answers 410 and is never disabled (Target)."""
        return ""

    def wants_item(self, item: str) -> bool:
        """Return whether the pattern matches (Target)."""
        return not is_internal(item) and bool(rights_on(self._pattern, item))

    def wants_entry(self, entry: protocol.Entry) -> bool:
        """Return whether the entry has the handler's kind; a deleted message is skipped."""
        return entry.kind == self._kind and not entry.deleted

    @asynccontextmanager
    async def open_delivery(self, item: str) -> AsyncIterator[DeliverEntry]:
        """Provide the function that calls the handler with one entry of the item (Target)."""

        async def deliver(log_id: str, entry: protocol.Entry) -> Outcome:  # noqa: ARG001 - as in DeliverEntry
            return await self._call(entry_of(item, entry))

        yield deliver

    async def _call(self, entry: Entry) -> Outcome:
        """Call the handler, in a thread if it is a plain function, and convert an exception to an outcome."""
        try:
            async with asyncio.timeout(self._timeout_s):
                if inspect.iscoroutinefunction(self._function):
                    await self._function(entry)
                # A lambda, or an object with `async def __call__`, returns a coroutine in the thread.
                elif inspect.isawaitable(result := await asyncio.to_thread(self._function, entry)):
                    await result
        except Exception as error:  # noqa: BLE001 - the worker logs it
            return Failed(type(error).__name__, cause=error)
        return Delivered()


class Handlers:
    """Registers functions that are called with the entries of rooms, while the lifespan runs.

    The database keeps the positions of each handler under its name: an entry is passed to it at least once, those
    of an item in their order, by one process. A handler that fails is called again, up to `handler_attempts` times;
    then the item is parked until `alcove webhooks retry` or `skip`. A new handler begins with the entries that follow
    its first start.
    """

    def __init__(self, timeout_s: float) -> None:
        """Create a registry without handlers; each call of one may take `timeout_s` seconds."""
        self._handlers: dict[str, HandlerTarget] = {}
        self._timeout_s = timeout_s

    def on_message(self, pattern: str = "*", *, name: str | None = None) -> Callable[[M], M]:
        """Register the decorated function to be called with each message.

        Args:
            pattern: An item, or the beginning of items and `*`.
            name: The name under which its position is stored. Default: the name of the function, so that a renamed
                function starts with the next entry. If the name was used before with a narrower pattern, the
                function first receives the earlier messages of the newly matched items.

        Raises:
            SettingsError: The name is taken, or has another form; the pattern matches no item, as one with a `*` that
                is not at its end; the function cannot be called with one argument.
            AlcoveError: The Alcove is started already.

        Example:
            >>> @alcove.on_message("order-*", name="notify")  # doctest: +SKIP
            ... async def notify(message: Message) -> None: ...

        """
        return self._register(pattern, "message", name)

    def on_edit(self, pattern: str = "*", *, name: str | None = None) -> Callable[[E], E]:
        """Register the decorated function to be called with each edit, whose `target` is the edited message.

        See `on_message`.
        """
        return self._register(pattern, "edit", name)

    def on_delete(self, pattern: str = "*", *, name: str | None = None) -> Callable[[E], E]:
        """Register the decorated function to be called with each deletion, whose `target` is the deleted message.

        See `on_message`.
        """
        return self._register(pattern, "delete", name)

    def on_event(self, pattern: str = "*", *, name: str | None = None) -> Callable[[E], E]:
        """Register the decorated function to be called with each event of the application (S14). See `on_message`."""
        return self._register(pattern, "event", name)

    def _register(self, pattern: str, kind: Kind, name: str | None) -> Callable[[F], F]:
        """Return the decorator that registers a function under `name`, or under the function's own name."""
        _check_pattern(pattern, kind)

        def register(function: F) -> F:
            _check_function(function, kind)
            key = name or _name_of(function)
            if not isinstance(key, str) or not _NAME.fullmatch(key):
                raise SettingsError(f"name {key!r}: expected 1 to 100 letters, digits and . _ : -, not a dot first")
            if key in self._handlers or key == WEBHOOK:
                raise SettingsError(f"name {key!r} is taken: give each handler a name=")
            if self._is_running():
                raise AlcoveError(f"handler {key!r}: register handlers before the lifespan runs")
            self._handlers[key] = HandlerTarget(key, pattern, kind, function, self._timeout_s)
            return function

        return register

    def _is_running(self) -> bool:
        """Return whether the lifespan runs; overridden by `Alcove`."""
        return False


def _check_pattern(pattern: object, kind: Kind) -> None:
    """Check that items can match the pattern. Raises SettingsError."""
    if callable(pattern):
        raise SettingsError(f"write @alcove.on_{kind}() with parentheses above the handler")
    if not isinstance(pattern, str):
        raise SettingsError(f"pattern {pattern!r:.80}: expected an item id, or the beginning of item ids and `*`")
    try:
        check_pattern(pattern)
    except ItemIdError as error:
        starred = "`*` only at its end" if "*" in pattern[:-1] else str(error).removeprefix("expected ")
        raise SettingsError(f"pattern {pattern!r:.80}: expected {starred}; `*` alone matches all items") from None


def _check_function(function: object, kind: Kind) -> None:
    """Check that a handler can be called with an entry. Raises SettingsError."""
    parameter = "message: Message" if kind == "message" else "entry: Entry"
    expected = f"handler {_name_of(function)}: write `async def {getattr(function, '__name__', 'handle')}({parameter})`"
    if not callable(function):
        raise SettingsError(f"{expected}, got {function!r:.80}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise SettingsError(f"{expected} without `yield`, with which it would never run")
    try:
        inspect.signature(function).bind(None)
    except TypeError as error:
        raise SettingsError(f"{expected}, because it is called with one argument ({error})") from None
    except ValueError:
        pass  # some functions written in C do not report their parameters


def _name_of(function: object) -> str:
    """Return the name under which a function is registered if it is given none."""
    owner = function if hasattr(function, "__qualname__") else type(function)
    return f"{owner.__module__}.{getattr(owner, '__qualname__')}".replace("<locals>.", "")  # noqa: B009 - any object's
