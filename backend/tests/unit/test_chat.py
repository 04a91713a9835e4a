"""Test the tutorial's chat without a network: which client gets which line, in which order (T3, T4, T5)."""

from alcove.cluster.messages import ChatLine, ClusterMessage, ProcessAlive
from alcove.errors import Close
from alcove.tutorial.chat import MAX_UNSENT_BYTES, Chat, ChatClient
from tests.support.fake_connection import FakeConnection


class Client:
    """A client of the chat, in memory."""

    def __init__(self, chat: Chat, client_id: int) -> None:
        self.socket = FakeConnection()
        self.receiver = ChatClient(chat, client_id, self.socket)

    def new_texts(self) -> list[str]:
        """Return the texts received since the last call."""
        texts = [frame.decode() for frame in self.socket.frames]
        self.socket.frames.clear()
        return texts


def start_chat() -> tuple[Chat, list[ClusterMessage]]:
    """Create a chat, and the list of the messages that it publishes to other processes."""
    published = list[ClusterMessage]()
    return Chat(published.append), published


def test_t3_the_sender_gets_its_answer_before_the_line() -> None:
    chat, _ = start_chat()
    ada, bob = Client(chat, 1), Client(chat, 2)
    ada.receiver.on_text("hello")

    assert ada.new_texts() == ["You wrote: hello", "Client #1 says: hello"]
    assert bob.new_texts() == ["Client #1 says: hello"]


def test_t3_a_leaving_client_is_announced_once() -> None:
    chat, published = start_chat()
    ada, bob = Client(chat, 1), Client(chat, -2)
    bob.receiver.on_close(1000)
    bob.receiver.on_close(1006)

    assert (ada.new_texts(), bob.new_texts()) == (["Client #-2 left the chat"], [])
    assert (published, len(chat)) == ([ChatLine("Client #-2 left the chat")], 1)


def test_t3_two_clients_with_the_same_id_are_two_clients() -> None:
    chat, _ = start_chat()
    first, second = Client(chat, 7), Client(chat, 7)
    first.receiver.on_close(1000)
    second.receiver.on_text("still here")

    assert second.new_texts() == ["Client #7 left the chat", "You wrote: still here", "Client #7 says: still here"]


def test_t3_a_client_receives_no_lines_from_before_it_joined() -> None:
    chat, _ = start_chat()
    ada = Client(chat, 1)
    ada.receiver.on_text("early")
    bob = Client(chat, 2)
    ada.receiver.on_text("late")

    assert bob.new_texts() == ["Client #1 says: late"]


def test_t4_a_binary_frame_closes_only_its_sender_with_1003() -> None:
    chat, published = start_chat()
    ada, bob = Client(chat, 1), Client(chat, 2)
    ada.receiver.on_binary(b"\x00")

    assert (ada.socket.close_code, bob.socket.close_code) == (Close.NOT_TEXT, None)
    assert (bob.new_texts(), published) == ([], [])


def test_t4_a_slow_client_is_closed_without_loss_for_others() -> None:
    chat, _ = start_chat()
    slow, ada = Client(chat, 1), Client(chat, 2)
    slow.socket.reads = False
    line = "x" * (MAX_UNSENT_BYTES // 4)
    for _ in range(8):
        ada.receiver.on_text(line)

    assert slow.socket.close_code == Close.AT_CAPACITY
    assert MAX_UNSENT_BYTES < slow.socket.buffered_bytes() < 2 * MAX_UNSENT_BYTES
    assert ada.new_texts().count(f"Client #2 says: {line}") == 8


def test_t4_a_dead_connection_does_not_stop_a_broadcast() -> None:
    chat, _ = start_chat()
    dead_client, ada = Client(chat, 1), Client(chat, 2)
    dead_client.socket.abort()
    ada.receiver.on_text("hello")

    assert ada.new_texts() == ["You wrote: hello", "Client #2 says: hello"]


def test_t5_a_line_is_published_to_other_processes_once() -> None:
    chat, published = start_chat()
    ada = Client(chat, 1)
    ada.receiver.on_text("hello")

    assert published == [ChatLine("Client #1 says: hello")]


def test_t5_a_line_from_another_process_is_not_published_again() -> None:
    chat, published = start_chat()
    ada, bob = Client(chat, 1), Client(chat, 2)
    chat.receive(ChatLine("Client #3 says: hello"))
    chat.receive(ProcessAlive("p2"))

    assert ["Client #3 says: hello"] == ada.new_texts() == bob.new_texts()
    assert published == []
