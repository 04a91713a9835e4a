"""Split messages into PostgreSQL notifications, whose size is limited, and join them again. No I/O.

A payload is a first line `sender part/parts channel`, a newline, and the message or one part of it.
"""

from typing import NamedTuple

#: Bytes of a message in one payload: with the first line it stays below PostgreSQL's limit of 8000.
PART_BYTES = 7500
#: Maximum number of parts of one message.
_MAX_PARTS = 256


class ReceivedMessage(NamedTuple):
    """A complete message: its channel, the id of the process that sent it, and the text as UTF-8."""

    channel: str
    sender: str
    message: bytes


def payloads(sender: str, channel: str, message: bytes) -> list[str]:
    """Split a message into payloads of at most `PART_BYTES` of text each, never inside a character.

    Args:
        sender: The id of this process.
        channel: The channel.
        message: The message, in UTF-8.

    Returns:
        The payloads in order; an empty list if the message needs more than `_MAX_PARTS`.

    """
    cuts = [0]
    while len(message) - cuts[-1] > PART_BYTES:
        cut = cuts[-1] + PART_BYTES
        while message[cut] & 0xC0 == 0x80:  # inside a character (UTF-8)
            cut -= 1
        cuts.append(cut)
    if len(cuts) > _MAX_PARTS:
        return []
    ends = [*cuts[1:], len(message)]
    return [
        f"{sender} {number}/{len(cuts)} {channel}\n{message[cut:end].decode()}"
        for number, (cut, end) in enumerate(zip(cuts, ends, strict=True), 1)
    ]


class PartAssembler:
    """Joins the parts of a message. They arrive one after the other, because they are sent in one transaction."""

    def __init__(self) -> None:
        """Start without parts."""
        self._sender = self._channel = ""
        self._parts: list[str] = []

    def add(self, payload: str) -> ReceivedMessage | None:
        """Add a payload, and return the message that it completes.

        Any database role that may connect can send a payload, so a malformed one is ignored.

        Returns:
            The message; None if parts are still missing, or if the payload is malformed.

        """
        header, _, text = payload.partition("\n")
        try:
            sender, part, channel = header.split(" ", 2)
            part_number, part_count = map(int, part.split("/"))
        except ValueError:
            return None
        if part_count > 1:
            joined = self._join(sender, channel, text, part_number, part_count)
            if joined is None:
                return None
            text = joined
        self._sender, self._channel, self._parts = "", "", []
        return ReceivedMessage(channel, sender, text.encode())

    def _join(self, sender: str, channel: str, text: str, part_number: int, part_count: int) -> str | None:
        """Add part `part_number` of `part_count`, and return the whole text if that was the last one; else None.

        A part out of sequence, or of another message, discards the parts before it.
        """
        parts = self._parts if (self._sender, self._channel) == (sender, channel) else []
        if part_number != len(parts) + 1 or part_count > _MAX_PARTS:
            parts = []
        parts.append(text)
        self._sender, self._channel, self._parts = sender, channel, parts
        return None if part_number < part_count or len(parts) < part_count else "".join(parts)
