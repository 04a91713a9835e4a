"""Provide the services of this process to routes, as FastAPI dependencies."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from alcove.rooms.hub import Hub
from alcove.rooms.imports import Importer
from alcove.rooms.item_lists import ItemLists
from alcove.rooms.personal_data import PersonalData
from alcove.rooms.process_status import ProcessStatus
from alcove.rooms.queries import RoomQueries
from alcove.rooms.writing import RoomWriter


def _part(name: str) -> Callable[[HTTPConnection], Awaitable[Any]]:
    """Create a dependency that returns the service which `Services.provide_to` stored under this name."""

    async def part(connection: HTTPConnection) -> Any:
        return getattr(connection.app.state, name)

    return part


#: The hub, which connections join.
HubDep = Annotated[Hub, Depends(_part("hub"))]
#: The live lists of rooms.
ListsDep = Annotated[ItemLists, Depends(_part("lists"))]
#: Reads rooms without a connection.
RoomQueriesDep = Annotated[RoomQueries, Depends(_part("queries"))]
#: Writes into rooms without a connection.
RoomWriterDep = Annotated[RoomWriter, Depends(_part("writer"))]
#: Exports rooms and members, and erases members.
PersonalDataDep = Annotated[PersonalData, Depends(_part("personal_data"))]
#: Brings existing entries into rooms.
ImporterDep = Annotated[Importer, Depends(_part("importer"))]
#: Reports readiness and metrics.
StatusDep = Annotated[ProcessStatus, Depends(_part("status"))]
