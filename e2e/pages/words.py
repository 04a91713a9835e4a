"""The words by which a person finds things on the pages, in each language."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Labels and states as one language says them."""

    rooms: str
    item: str
    echo: str
    chat: str
    item_id: str
    connect: str
    disconnect: str
    message: str
    messages: str
    send: str
    connected: str
    disconnected: str
    dark: str
    skip: str
    other_language: str
    missing: str
    home: str


EN = Words(
    rooms="Rooms",
    item="Playground",
    echo="Echo",
    chat="Chat",
    item_id="Item ID",
    connect="Connect",
    disconnect="Disconnect",
    message="Message",
    messages="Messages",
    send="Send",
    connected="Connected",
    disconnected="Disconnected",
    dark="Dark theme",
    skip="Skip to the content",
    other_language="Español",
    missing="An empty niche",
    home="Back to the first page",
)

ES = Words(
    rooms="Salas",
    item="Pruebas",
    echo="Eco",
    chat="Chat",
    item_id="ID del ítem",
    connect="Conectar",
    disconnect="Desconectar",
    message="Mensaje",
    messages="Mensajes",
    send="Enviar",
    connected="Conectado",
    disconnected="Desconectado",
    dark="Tema oscuro",
    skip="Saltar al contenido",
    other_language="English",
    missing="Un nicho vacío",
    home="Volver a la primera página",
)
