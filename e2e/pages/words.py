"""The texts by which tests find things on the pages, in each language."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The labels and states in one language."""

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
    account: str
    dark: str
    skip: str
    other_language: str
    missing: str
    home: str
    copy_link: str


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
    account="Account",
    dark="Dark",
    skip="Skip to the content",
    other_language="Español",
    missing="Page not found",
    home="Go to the home page",
    copy_link="Copy link",
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
    account="Cuenta",
    dark="Oscuro",
    skip="Saltar al contenido",
    other_language="English",
    missing="Página no encontrada",
    home="Ir a la página de inicio",
    copy_link="Copiar enlace",
)
