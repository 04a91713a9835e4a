"""Route the plain-text sockets of the FastAPI tutorial, which answer exactly as the tutorial's do (T1 to T4)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, WebSocket

from alcove.api.sockets import accept_socket
from alcove.tutorial.admission import AdmissionDep, ItemAdmissionDep
from alcove.tutorial.chat import Chat, ChatClient
from alcove.tutorial.echo import Echo, ItemEcho

router = APIRouter()


async def get_chat(websocket: WebSocket) -> Chat:
    """Return the chat of this process."""
    chat: Chat = websocket.app.state.chat
    return chat


@router.websocket("/ws")
async def echo_socket(websocket: WebSocket, admission: AdmissionDep) -> None:
    """Send every text frame back as text, every binary frame as the same bytes (T1)."""
    connection = await accept_socket(websocket)
    await admission.run(connection, Echo(connection))


@router.websocket("/items/{item_id}/ws")
async def item_socket(
    websocket: WebSocket,
    item_id: Annotated[str, Path()],
    admission: ItemAdmissionDep,
    q: Annotated[int | None, Query()] = None,
) -> None:
    """Answer every text frame with the credential and the item; refuse callers without a credential (T2)."""
    connection = await accept_socket(websocket)
    await admission.run(connection, ItemEcho(connection, item_id, admission.credential, q))


@router.websocket("/ws/{client_id}")
async def chat_socket(
    websocket: WebSocket,
    client_id: Annotated[int, Path()],
    chat: Annotated[Chat, Depends(get_chat)],
    admission: AdmissionDep,
) -> None:
    """Join the chat as the client of this number (T3)."""
    connection = await accept_socket(websocket)
    await admission.run(connection, ChatClient(chat, client_id, connection))
