"""Make the AsyncAPI 3 document of the room protocol from the wire types (W9)."""

from typing import Any, get_args

import msgspec

from alcove.protocol import SUBPROTOCOL, Command, Line, ServerLine

_TEMPLATE = "#/components/schemas/{name}"


def document() -> dict[str, Any]:
    """The document: one channel, what a client may send on it, and what the server does."""
    received = _messages(get_args(Command))
    sent = _messages(get_args(ServerLine))
    types = (*get_args(Command), *get_args(ServerLine))
    _, schemas = msgspec.json.schema_components(types, ref_template=_TEMPLATE)
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
                "address": "/items/{item_id}/ws",
                "title": "An item's room",
                "parameters": {
                    "item_id": {"description": "1–128 letters, marks and digits of any script and . _ : @ -, in NFC"}
                },
                "bindings": {"ws": {"method": "GET", "query": _query(), "bindingVersion": "0.1.0"}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*received, *sent)},
            }
        },
        "operations": {
            "receive": _operation("receive", "What a client sends.", received),
            "send": _operation("send", "What the server sends; the first line is `hello`.", sent),
        },
        "components": {"messages": received | sent, "schemas": schemas},
    }


def _messages(types: tuple[type[Line], ...]) -> dict[str, dict[str, Any]]:
    """Messages by name: the struct's name, as `type` stands for different structs in the two directions."""
    return {
        type_.__name__: {
            "name": str(type_.__struct_config__.tag),
            "title": type_.__name__,
            "summary": (type_.__doc__ or "").splitlines()[0],
            "payload": {"$ref": _TEMPLATE.format(name=type_.__name__)},
        }
        for type_ in types
    }


def _operation(action: str, summary: str, messages: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/room"},
        "messages": [{"$ref": f"#/channels/room/messages/{name}"} for name in messages],
    }


def _query() -> dict[str, Any]:
    """The handshake's query (H2)."""
    return {
        "type": "object",
        "properties": {
            "after": {"type": "integer", "minimum": 0, "description": "resume behind this seq"},
            "log": {"type": "string", "description": "the log that `after` is a seq of"},
            "tail": {"type": "integer", "minimum": 0, "maximum": 500, "default": 50},
            "token": {"type": "string", "description": "the credential, where no header carries it"},
            "name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "open mode only"},
        },
    }
