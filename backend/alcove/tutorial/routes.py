"""The plain-text sockets of the FastAPI tutorial, to the letter (T1–T4)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, WebSocket

from alcove.api.sockets import accept_socket
from alcove.errors import Close
from alcove.tutorial.admission import ItemVisitDep, VisitDep
from alcove.tutorial.chat import Chat, ChatMember
from alcove.wire.connection import Connection, Frame, text_frame

router = APIRouter()


class Echo:
    """T1: every frame is answered."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def text(self, data: str) -> None:
        """Answer text with text."""
        self._connection.write(text_frame(f"Message text was: {data}"))

    def binary(self, data: bytes) -> None:
        """Answer bytes with the same bytes."""
        self._connection.write(Frame(data, binary=True))

    def closed(self, _code: int) -> None:
        """Nothing is kept, so nothing is to be done."""


class ItemEcho:
    """T2: every text frame is answered by the credential, `q` if there is one, and the text with its item."""

    __slots__ = ("_connection", "_credential", "_item_id", "_q")

    def __init__(self, connection: Connection, item_id: str, credential: str, q: int | None) -> None:
        self._connection = connection
        self._item_id = item_id
        self._credential = credential
        self._q = q

    def text(self, data: str) -> None:
        """Answer with two or three frames."""
        write = self._connection.write
        write(text_frame(f"Session cookie or query token value is: {self._credential}"))
        if self._q is not None:
            write(text_frame(f"Query parameter q is: {self._q}"))
        write(text_frame(f"Message text was: {data}, for item ID: {self._item_id}"))

    def binary(self, _data: bytes) -> None:
        """Close who sends bytes to a socket of words (T4)."""
        self._connection.close(Close.NOT_TEXT, "this socket speaks text")

    def closed(self, _code: int) -> None:
        """Nothing is kept, so nothing is to be done."""


async def chat_of(websocket: WebSocket) -> Chat:
    """The chat of this process."""
    chat: Chat = websocket.app.state.chat
    return chat


@router.websocket("/ws")
async def echo_socket(websocket: WebSocket, visit: VisitDep) -> None:
    """Answer every text frame with its text, every binary frame with its bytes (T1)."""
    connection = await accept_socket(websocket)
    await visit.run(connection, Echo(connection))


@router.websocket("/items/{item_id}/ws")
async def item_socket(
    websocket: WebSocket,
    item_id: Annotated[str, Path()],
    visit: ItemVisitDep,
    q: Annotated[int | None, Query()] = None,
) -> None:
    """Answer as the tutorial's guarded socket does; refused before the upgrade without a credential (T2)."""
    connection = await accept_socket(websocket)
    await visit.run(connection, ItemEcho(connection, item_id, visit.credential, q))


@router.websocket("/ws/{client_id}")
async def chat_socket(
    websocket: WebSocket, client_id: Annotated[int, Path()], chat: Annotated[Chat, Depends(chat_of)], visit: VisitDep
) -> None:
    """Join the chat under a number of one's own (T3)."""
    connection = await accept_socket(websocket)
    await visit.run(connection, ChatMember(chat, client_id, connection))
