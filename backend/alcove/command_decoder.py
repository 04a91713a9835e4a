"""Decode the lines that clients send (F2)."""

import json
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from alcove.protocol import Command

_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


class MalformedError(ValueError):
    """A line is not a command. The message says what was expected.

    Attributes:
        id: The id in the line, for the `error` that answers it; None if it has none.

    """

    def __init__(self, message: str, id: str | None) -> None:
        super().__init__(message)
        self.id = id


def decode(line: str) -> Command:
    """Return the command on one line (F2).

    Raises:
        MalformedError: The line is not a command.

    """
    try:
        return _commands.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise MalformedError(str(error), _id_of(line)) from None
    except RecursionError:
        raise MalformedError("JSON nested too deeply", _id_of(line)) from None


class _Identified(Struct):
    """A line of which only the id is decoded."""

    id: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET


_identified: msgspec.json.Decoder[_Identified] = msgspec.json.Decoder(_Identified)
#: Maximum characters of a line for the lenient decoder, which creates an object for each value: up to 60 ms a MiB.
_LENIENT_CHARS = 72 * 1024


def _id_of(line: str) -> str | None:
    """Return the `id` of a line that is not a command, so that its sender knows which send was refused (S6).

    The strict decoder refuses a line whose body has half a surrogate pair. The lenient decoder then finds the id,
    unless the line is too long.
    """
    try:
        found = _identified.decode(line).id
        return None if isinstance(found, UnsetType) else found
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _lenient_id(line) if len(line) <= _LENIENT_CHARS else None


def _lenient_id(line: str) -> str | None:
    """Return the `id` of a line that only Python's own decoder accepts."""
    try:
        found = json.loads(line)
        id_ = found.get("id") if isinstance(found, dict) else None
        return id_ if isinstance(id_, str) and len(id_) <= 64 and id_.encode() else None
    except (ValueError, RecursionError):
        return None
