"""The tutorial's chat, without a network: who hears what, and in which order (T3, T4, T5)."""

from alcove.cluster.messages import ChatLine, ClusterMessage, ProcessAlive
from alcove.errors import Close
from alcove.tutorial.chat import SLOW_BYTES, Chat, ChatMember
from tests.doubles import Socket


class Client:
    """A client in the chat."""

    def __init__(self, chat: Chat, client_id: int) -> None:
        self.socket = Socket()
        self.member = ChatMember(chat, client_id, self.socket)

    def heard(self) -> list[str]:
        """Return the texts received since the last call."""
        texts = [frame.decode() for frame in self.socket.frames]
        self.socket.frames.clear()
        return texts


def start() -> tuple[Chat, list[ClusterMessage]]:
    """Make a chat, and the list of what it tells other processes."""
    chat, told = Chat(), list[ClusterMessage]()
    chat.tell = told.append
    return chat, told


def test_t3_the_sender_is_answered_first_and_hears_the_line_like_everyone() -> None:
    chat, _ = start()
    ada, bob = Client(chat, 1), Client(chat, 2)
    ada.member.text("hello")

    assert ["You wrote: hello", "Client #1 says: hello"] == ada.heard()
    assert ["Client #1 says: hello"] == bob.heard()


def test_t3_everyone_left_is_told_once_when_a_client_leaves() -> None:
    chat, told = start()
    ada, bob = Client(chat, 1), Client(chat, -2)
    bob.member.closed(1000)
    bob.member.closed(1006)

    assert (["Client #-2 left the chat"], []) == (ada.heard(), bob.heard())
    assert ([ChatLine("Client #-2 left the chat")], 1) == (told, len(chat))


def test_t3_two_clients_with_the_same_id_are_two_clients() -> None:
    chat, _ = start()
    first, second = Client(chat, 7), Client(chat, 7)
    first.member.closed(1000)
    second.member.text("still here")

    assert ["Client #7 left the chat", "You wrote: still here", "Client #7 says: still here"] == second.heard()


def test_t3_a_client_that_joins_later_hears_only_what_is_said_then() -> None:
    chat, _ = start()
    ada = Client(chat, 1)
    ada.member.text("early")
    bob = Client(chat, 2)
    ada.member.text("late")

    assert ["Client #1 says: late"] == bob.heard()


def test_t4_a_binary_frame_closes_its_sender_with_1003_and_nobody_else_notices() -> None:
    chat, told = start()
    ada, bob = Client(chat, 1), Client(chat, 2)
    ada.member.binary(b"\x00")

    assert (Close.NOT_TEXT, None) == (ada.socket.close_code, bob.socket.close_code)
    assert ([], []) == (bob.heard(), told)


def test_t4_a_client_that_does_not_read_is_closed_and_the_others_hear_everything() -> None:
    chat, _ = start()
    slow, ada = Client(chat, 1), Client(chat, 2)
    slow.socket.reads = False
    line = "x" * (SLOW_BYTES // 4)
    for _ in range(8):
        ada.member.text(line)

    assert Close.AT_CAPACITY == slow.socket.close_code
    assert SLOW_BYTES < slow.socket.buffered() < 2 * SLOW_BYTES
    assert 8 == ada.heard().count(f"Client #2 says: {line}")


def test_t4_a_client_that_died_breaks_no_line() -> None:
    chat, _ = start()
    dead, ada = Client(chat, 1), Client(chat, 2)
    dead.socket.die()
    ada.member.text("hello")

    assert ["You wrote: hello", "Client #2 says: hello"] == ada.heard()


def test_t5_what_is_said_here_is_told_to_other_processes_once() -> None:
    chat, told = start()
    ada = Client(chat, 1)
    ada.member.text("hello")

    assert [ChatLine("Client #1 says: hello")] == told


def test_t5_what_another_process_said_reaches_the_clients_and_is_not_told_back() -> None:
    chat, told = start()
    ada, bob = Client(chat, 1), Client(chat, 2)
    chat.heard(ChatLine("Client #3 says: hello"))
    chat.heard(ProcessAlive("p2"))

    assert ["Client #3 says: hello"] == ada.heard() == bob.heard()
    assert [] == told
