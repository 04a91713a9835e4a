"""The tutorial's chat (T3): everyone connected, and what is said to them."""

from collections.abc import Callable, Iterator

from alcove.cluster.messages import ChatLine, ClusterMessage
from alcove.errors import Close
from alcove.wire.connection import Connection, text_frame

#: The channel on which processes tell each other what is said.
CHANNEL = "!chat"
#: A member with more than this unsent, in bytes, does not read and is closed (T4).
SLOW_BYTES = 1024 * 1024


class Chat:
    """Who is connected, and how a line reaches all of them.

    Nothing here waits: a line is handed to each member's carrier, and who does not take it is closed, so one
    dead or slow member neither delays nor breaks the others (T4).
    """

    def __init__(self) -> None:
        self._members: dict[ChatMember, None] = {}
        #: Tells those who are connected to other processes (T5).
        self.tell: Callable[[ClusterMessage], None] = lambda _: None

    def __len__(self) -> int:
        return len(self._members)

    def join(self, member: "ChatMember") -> None:
        """Let the member hear what is said from now on."""
        self._members[member] = None

    def leave(self, member: "ChatMember") -> None:
        """Forget the member and tell everyone left; a second time does nothing."""
        if member in self._members:
            del self._members[member]
            self.say(f"Client #{member.client_id} left the chat")

    def say(self, line: str) -> None:
        """Send the line to everyone connected, here and elsewhere."""
        self.tell(ChatLine(line))
        self._pass_on(line)

    def heard(self, told: ClusterMessage) -> None:
        """Another process told what is said there (T5)."""
        if isinstance(told, ChatLine):
            self._pass_on(told.line)

    def _pass_on(self, line: str) -> None:
        """Send the line to everyone who is connected to this process."""
        frame = text_frame(line)
        for member in self._members:
            connection = member.connection
            if connection.buffered() > SLOW_BYTES:
                connection.close(Close.AT_CAPACITY, "too slow: what was said is no longer kept for you")
            else:
                connection.write(frame)


class ChatMember:
    """One connection in the chat: a Receiver that speaks T3."""

    __slots__ = ("chat", "client_id", "connection")

    def __init__(self, chat: Chat, client_id: int, connection: Connection) -> None:
        self.chat = chat
        self.client_id = client_id
        self.connection = connection
        chat.join(self)

    def text(self, data: str) -> Iterator[object]:
        """Answer the sender, then tell everyone, the sender included.

        Each message uses up the sender's turn of the event loop, because it costs a write per member (L6).
        """
        self.connection.write(text_frame(f"You wrote: {data}"))
        self.chat.say(f"Client #{self.client_id} says: {data}")
        return iter(())

    def binary(self, _data: bytes) -> None:
        """Close who sends bytes to a chat of words; nobody else notices (T4)."""
        self.connection.close(Close.NOT_TEXT, "this socket speaks text")

    def closed(self, _code: int) -> None:
        """Leave the chat."""
        self.chat.leave(self)
