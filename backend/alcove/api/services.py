"""Provide the services of this process to routes, as FastAPI dependencies."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from alcove.rooms.hub import Hub
from alcove.rooms.imports import Importer
from alcove.rooms.list_connections import ListConnections
from alcove.rooms.personal_data import PersonalData
from alcove.rooms.process_status import ProcessStatus
from alcove.rooms.queries import RoomQueries
from alcove.rooms.writing import RoomWriter


def _service(name: str) -> Callable[[HTTPConnection], Awaitable[Any]]:
    """Create a dependency that returns the service that `Services.provide_to` stored under this name."""

    async def service(connection: HTTPConnection) -> Any:
        return getattr(connection.app.state, name)

    return service


#: The hub, by which connections join rooms.
HubDep = Annotated[Hub, Depends(_service("hub"))]
#: The live lists of rooms.
ListsDep = Annotated[ListConnections, Depends(_service("lists"))]
#: Reads rooms without a connection.
RoomQueriesDep = Annotated[RoomQueries, Depends(_service("queries"))]
#: Writes into rooms without a connection.
RoomWriterDep = Annotated[RoomWriter, Depends(_service("writer"))]
#: Exports rooms and members, and erases members.
PersonalDataDep = Annotated[PersonalData, Depends(_service("personal_data"))]
#: Imports existing entries into rooms.
ImporterDep = Annotated[Importer, Depends(_service("importer"))]
#: Reports readiness and metrics.
StatusDep = Annotated[ProcessStatus, Depends(_service("status"))]
