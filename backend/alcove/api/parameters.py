"""Refuse query parameters that a route does not declare, and list the methods that a path allows."""

from collections.abc import Iterator
from functools import lru_cache

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request
from starlette.routing import compile_path

from alcove.api.base_path import route_path

#: The regular expression of a route's path; compiled once for each path.
_compiled_path = lru_cache(maxsize=512)(lambda path: compile_path(path)[0])


async def refuse_unknown_query(connection: HTTPConnection) -> None:
    """Refuse query parameters below /api/ that neither the route nor its dependencies declare, such as mistyped ones.

    Handshakes are exempt: a newer client may send parameters that this version does not have (H2).

    Raises:
        RequestValidationError: There are such parameters; the error names each of them.

    """
    route = connection.scope.get("route")
    if not isinstance(route, APIRoute) or not route_path(connection.scope).startswith("/api/"):
        return
    if unknown := sorted(set(connection.query_params) - set(_query_names(route.dependant))):
        raise RequestValidationError([{"loc": ("query", name), "msg": "no such parameter"} for name in unknown])


def _query_names(dependant: Dependant) -> Iterator[str]:
    """Yield the names of the query parameters of a route's function and, recursively, of its dependencies."""
    yield from (field.alias for field in dependant.query_params)
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)


def allowed_methods(request: Request) -> str:
    """Return the methods of all routes that match the request's path, as the value of `Allow` (RFC 9110, 10.2.1)."""
    path = route_path(request.scope)
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.methods and route.path is not None and _compiled_path(route.path).match(path):
            methods |= route.methods
    return ", ".join(sorted(methods))
