"""Decode the lines that clients send, and find the id of a line that cannot be decoded (F2)."""

import json
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from alcove.protocol import Command

_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


class MalformedError(ValueError):
    """A line is not a valid command; the message says what was expected.

    Attributes:
        id: The `id` in the line, for the `error` that answers it; None if the line has no readable `id`.

    """

    def __init__(self, message: str, id: str | None) -> None:
        """Store the message and the id."""
        super().__init__(message)
        self.id = id


def decode(line: str) -> Command:
    """Decode one line into a command and check the types of its fields (F2).

    Raises:
        MalformedError: The line is not JSON, has an unknown `type`, or a field of the wrong type.

    """
    try:
        return _commands.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise MalformedError(str(error), _find_id(line)) from None
    except RecursionError:
        raise MalformedError("JSON nested too deeply", _find_id(line)) from None


def body_problem(body: Raw) -> str | None:
    """Return why programs cannot decode a body that is valid JSON; None if they can (S6).

    JSON has numbers of any size, such as `1e999`. A reader that cannot hold such a number refuses the whole page of
    history that contains it. Check the size of the body first: this function creates an object for each value.
    """
    if memoryview(body)[0] == ord('"'):
        return None
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"body: {error}"
    return None


class _Identified(Struct):
    """The `id` of any line; the other fields are not decoded."""

    id: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET


_identified: msgspec.json.Decoder[_Identified] = msgspec.json.Decoder(_Identified)
#: Maximum characters of a line for the lenient decoder, which needs up to 60 ms for a MiB.
_LENIENT_CHARS = 72 * 1024


def _find_id(line: str) -> str | None:
    """Extract the `id` of a line that is not a valid command, so that the `error` names the refused send (S6).

    The strict decoder rejects a line with half a surrogate pair in its body. The lenient decoder can still find the id,
    and is used unless the line is too long. None: there is no usable id.
    """
    try:
        id_ = _identified.decode(line).id
        return None if isinstance(id_, UnsetType) else id_
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _find_id_leniently(line) if len(line) <= _LENIENT_CHARS else None


def _find_id_leniently(line: str) -> str | None:
    """Extract the `id` with Python's own JSON decoder, which accepts unpaired surrogates; None if there is none."""
    try:
        value = json.loads(line)
        id_ = value.get("id") if isinstance(value, dict) else None
        return id_ if isinstance(id_, str) and len(id_) <= 64 and id_.encode() else None
    except (ValueError, RecursionError):
        return None
