"""Answer each frame to its sender: the tutorial's echo socket (T1), and its socket of an item (T2)."""

from alcove.errors import Close
from alcove.wire.connection import Connection, Frame, text_frame


class Echo:
    """Answers every frame with its content (T1)."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def text(self, data: str) -> None:
        """Send the text back, after `Message text was: `."""
        self._connection.write(text_frame(f"Message text was: {data}"))

    def binary(self, data: bytes) -> None:
        """Send the same bytes back."""
        self._connection.write(Frame(data, binary=True))

    def closed(self, _code: int) -> None:
        """Do nothing: there is no state to clean up (Receiver)."""


class ItemEcho:
    """Answers every text frame with the credential, `q` if there is one, and the text with its item (T2)."""

    __slots__ = ("_connection", "_credential", "_item_id", "_q")

    def __init__(self, connection: Connection, item_id: str, credential: str, q: int | None) -> None:
        """Store what the answers contain.

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

    def text(self, data: str) -> None:
        """Send two frames, or three if there is a `q`: the credential, `q`, and the text with the item."""
        write = self._connection.write
        write(text_frame(f"Session cookie or query token value is: {self._credential}"))
        if self._q is not None:
            write(text_frame(f"Query parameter q is: {self._q}"))
        write(text_frame(f"Message text was: {data}, for item ID: {self._item_id}"))

    def binary(self, _data: bytes) -> None:
        """Close a client that sends bytes with 1003 (T4)."""
        self._connection.close(Close.NOT_TEXT, "this socket takes text frames only")

    def closed(self, _code: int) -> None:
        """Do nothing: there is no state to clean up."""
