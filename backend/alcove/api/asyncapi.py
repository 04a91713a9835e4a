"""Generate the AsyncAPI 3 document of the room protocol from the wire types (W9)."""

from types import UnionType
from typing import Any, get_args

import msgspec

from alcove.protocol import SUBPROTOCOL, Command, Line, ListCommand, ListLine, ServerLine

_TEMPLATE = "#/components/schemas/{name}"
#: The query parameters by which a handshake may give a credential (A1, A2).
_CREDENTIAL = {
    "token": {"type": "string", "description": "the credential, if no header has it"},
    "name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "open mode only"},
}


def document(prefix: str = "") -> dict[str, Any]:
    """Return the document: channels, operations and message schemas of rooms and of the list of rooms.

    Args:
        prefix: The prefix of the paths, with which the address of each channel begins (B1).

    """
    types = dict.fromkeys(type_ for union in (Command, ServerLine, ListCommand, ListLine) for type_ in get_args(union))
    _, schemas = msgspec.json.schema_components(list(types), ref_template=_TEMPLATE)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Alcove",
            "version": "1",
            "description": f"The room protocol, spoken where a client offers the subprotocol `{SUBPROTOCOL}`. "
            "Text frames of JSON objects, one a line.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "room": {
                "address": f"{prefix}/items/{{item_id}}/ws",
                "title": "An item's room",
                "parameters": {
                    "item_id": {"description": "1–128 letters, marks and digits of any script and . _ : @ -, in NFC"}
                },
                **_channel(_room_query_schema(), Command, ServerLine),
            },
            "list": {
                "address": f"{prefix}/api/items/ws",
                "title": "The list of rooms",
                **_channel(_list_query_schema(), ListCommand, ListLine),
            },
        },
        "operations": {
            "receive": _operation("receive", "room", "What a client sends.", Command),
            "send": _operation("send", "room", "What the server sends; the first line is `hello`.", ServerLine),
            "receiveOnList": _operation("receive", "list", "What a client sends on the list of rooms.", ListCommand),
            "sendOnList": _operation(
                "send", "list", "The latest rooms, then `ready`, then each room that changes.", ListLine
            ),
        },
        "components": {"messages": _messages(tuple(types)), "schemas": schemas},
    }


def _channel(query: dict[str, Any], received: UnionType, sent: UnionType) -> dict[str, Any]:
    """Describe a channel: the query of its handshake, and the messages of both directions.

    Args:
        query: The JSON schema of the query.
        received: The union of the lines that clients send.
        sent: The union of the lines that the server sends.

    """
    names = [type_.__name__ for type_ in (*get_args(received), *get_args(sent))]
    return {
        "bindings": {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _messages(types: tuple[type[Line], ...]) -> dict[str, dict[str, Any]]:
    """Describe each message, by its Python type's name: two types may share a `type` tag, one in each direction."""
    return {
        type_.__name__: {
            "name": str(type_.__struct_config__.tag),
            "title": type_.__name__,
            "summary": (type_.__doc__ or "").splitlines()[0],
            "payload": {"$ref": _TEMPLATE.format(name=type_.__name__)},
        }
        for type_ in types
    }


def _operation(action: str, channel: str, summary: str, line_types: UnionType) -> dict[str, Any]:
    """Return the AsyncAPI operation for one direction of a channel.

    Args:
        action: `receive` or `send`, as the server sees it.
        channel: The name of the channel.
        summary: What the operation does, in one sentence.
        line_types: The union of the lines in this direction.

    """
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{type_.__name__}"} for type_ in get_args(line_types)],
    }


def _room_query_schema() -> dict[str, Any]:
    """Return the JSON schema of a room's handshake query (H2)."""
    return {
        "type": "object",
        "properties": {
            "after": {"type": "integer", "minimum": 0, "description": "resume after this seq"},
            "log": {"type": "string", "description": "id of the history that `after` belongs to"},
            "tail": {"type": "integer", "minimum": 0, "maximum": 500, "default": 50},
            **_CREDENTIAL,
        },
    }


def _list_query_schema() -> dict[str, Any]:
    """Return the JSON schema of the handshake query of the list of rooms (W10)."""
    return {
        "type": "object",
        "properties": {
            "limit": {
                "type": "integer",
                "minimum": 0,
                "maximum": 500,
                "default": 100,
                "description": "rooms sent at first",
            },
            "prefix": {"type": "string", "description": "only items whose id begins with this text"},
            **_CREDENTIAL,
        },
    }
