"""Run the tutorial's chat (T3): send each line to every client, on all processes (T5)."""

from collections.abc import Callable, Iterator

from alcove.cluster.messages import ChatLine, ClusterMessage
from alcove.errors import Close
from alcove.wire.connection import Connection, text_frame

#: The channel on which processes exchange the lines of the chat.
CHAT_CHANNEL = "!chat"
#: Maximum unsent bytes of a connection; beyond it, the client reads too slowly and is disconnected (T4).
MAX_UNSENT_BYTES = 1024 * 1024


class Chat:
    """The clients of the chat in this process, which exchanges lines with the chats of other processes.

    No method waits. A line is written to each connection's buffer, and a connection whose buffer is full is closed,
    so one dead or slow client neither delays nor breaks the others (T4).
    """

    def __init__(self, publish: Callable[[ClusterMessage], None]) -> None:
        """Create a chat without clients.

        Args:
            publish: Sends a message to the chats of all other processes (T5).

        """
        self._clients: dict[ChatClient, None] = {}
        self._publish = publish

    def __len__(self) -> int:
        return len(self._clients)

    def join(self, client: "ChatClient") -> None:
        """Add a client, which gets every later line."""
        self._clients[client] = None

    def leave(self, client: "ChatClient") -> None:
        """Remove the client, and tell the other clients that it left; a second call does nothing."""
        if client in self._clients:
            del self._clients[client]
            self.broadcast(f"Client #{client.client_id} left the chat")

    def broadcast(self, line: str) -> None:
        """Send a line to every client, on this process and all others (T5)."""
        self._publish(ChatLine(line))
        self._send(line)

    def receive(self, message: ClusterMessage) -> None:
        """Send a line from another process to the clients of this one (T5)."""
        if isinstance(message, ChatLine):
            self._send(message.line)

    def _send(self, line: str) -> None:
        """Send the line to every client of this process."""
        frame = text_frame(line)
        for client in self._clients:
            connection = client.connection
            if connection.buffered_bytes() > MAX_UNSENT_BYTES:
                connection.close(Close.AT_CAPACITY, "too slow: unsent messages are no longer kept")
            else:
                connection.write(frame)


class ChatClient:
    """The receiver of one connection's messages in the chat (T3)."""

    __slots__ = ("chat", "client_id", "connection")

    def __init__(self, chat: Chat, client_id: int, connection: Connection) -> None:
        """Join the chat.

        Args:
            chat: The chat of this process.
            client_id: The number of the client, from the path.
            connection: The client's connection.

        """
        self.chat = chat
        self.client_id = client_id
        self.connection = connection
        chat.join(self)

    def __repr__(self) -> str:
        return f"<ChatClient #{self.client_id}>"

    def on_text(self, data: str) -> Iterator[object]:
        """Send the text back to the sender, then to every client, the sender included.

        The returned iterator ends the sender's turn of the event loop, as a message costs one write per client (L6).
        """
        self.connection.write(text_frame(f"You wrote: {data}"))
        self.chat.broadcast(f"Client #{self.client_id} says: {data}")
        return iter(())

    def on_binary(self, _data: bytes) -> None:
        """Close the connection of a client that sends bytes; other clients are not affected (T4)."""
        self.connection.close(Close.NOT_TEXT, "this socket takes text frames only")

    def on_close(self, _code: int) -> None:
        """Leave the chat."""
        self.chat.leave(self)
