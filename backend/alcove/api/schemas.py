"""Generate the OpenAPI document from the structs that requests and responses contain (W9)."""

from typing import Any

import msgspec
from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi

from alcove.errors import Reason


class Json(Response):
    """A JSON response with a struct as its content."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Encode the struct as JSON."""
        return msgspec.json.encode(content)


_TEMPLATE = "#/components/schemas/{name}"
#: The structs that the document refers to, by name.
_types: dict[str, type] = {}


def _reference(type_: type) -> dict[str, Any]:
    """Register a struct for the document's components, and return the `$ref` to it."""
    _types[type_.__name__] = type_
    return {"$ref": _TEMPLATE.format(name=type_.__name__)}


def answers(type_: type, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe a successful response with a struct, as FastAPI's `responses`.

    Args:
        type_: The struct; its docstring becomes the description.
        statuses: The HTTP statuses with this response; without any, 200.

    """
    content = {"application/json": {"schema": _reference(type_)}}
    return {status: {"description": (type_.__doc__ or "").strip(), "content": content} for status in statuses or (200,)}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals with these HTTP statuses, as FastAPI's `responses` (W6)."""
    schema = {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "retry_ms": {"type": "integer"},
            "reason": {"type": "string", "enum": [*Reason]},
        },
        "required": ["type", "title", "status", "detail"],
    }
    content = {"application/problem+json": {"schema": schema}}
    return {status: {"description": "Refused, with the reason.", "content": content} for status in statuses}


def body_of(type_: type) -> dict[str, Any]:
    """Describe a request body that the route decodes itself, as FastAPI's `openapi_extra`."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _reference(type_)}}}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the application. It is generated at the first call and kept."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, components = msgspec.json.schema_components(_types.values(), ref_template=_TEMPLATE)
        schema.setdefault("components", {}).setdefault("schemas", {}).update(components)
        app.openapi_schema = schema
    return app.openapi_schema
