"""Reply to each frame: the tutorial's echo socket (T1), and its socket for an item (T2)."""

from alcove.errors import Close
from alcove.wire.connection import Connection, Frame, text_frame


class Echo:
    """A receiver that sends every frame back to its sender (T1)."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def on_text(self, data: str) -> None:
        """Send the text back, prefixed with `Message text was: `."""
        self._connection.write(text_frame(f"Message text was: {data}"))

    def on_binary(self, data: bytes) -> None:
        """Send the same bytes back."""
        self._connection.write(Frame(data, binary=True))

    def on_close(self, _code: int) -> None:
        """Do nothing: there is no state to clean up (Receiver)."""


class ItemEcho:
    """A receiver that replies to each text frame with the credential, `q` if given, and the text with the item (T2)."""

    __slots__ = ("_connection", "_credential", "_item_id", "_q")

    def __init__(self, connection: Connection, item_id: str, credential: str, q: int | None) -> None:
        """Store the values for the replies.

        Args:
            connection: The client's connection.
            item_id: The item, from the path.
            credential: The text to show as the credential.
            q: The query parameter `q`; None: there is none.

        """
        self._connection = connection
        self._item_id = item_id
        self._credential = credential
        self._q = q

    def on_text(self, data: str) -> None:
        """Send the credential, `q` if it is given, and the text with the item, each in a frame."""
        write = self._connection.write
        write(text_frame(f"Session cookie or query token value is: {self._credential}"))
        if self._q is not None:
            write(text_frame(f"Query parameter q is: {self._q}"))
        write(text_frame(f"Message text was: {data}, for item ID: {self._item_id}"))

    def on_binary(self, _data: bytes) -> None:
        """Close the connection with 1003, because binary frames are not accepted (T4)."""
        self._connection.close(Close.NOT_TEXT, "this socket takes text frames only")

    def on_close(self, _code: int) -> None:
        """Do nothing: there is no state to clean up."""
