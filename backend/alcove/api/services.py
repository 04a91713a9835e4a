"""Provide the parts of this process that routes call, as dependencies."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from alcove.rooms.hub import Hub
from alcove.rooms.item_lists import ItemLists
from alcove.rooms.personal_data import PersonalData
from alcove.rooms.process_status import ProcessStatus
from alcove.rooms.queries import RoomQueries
from alcove.rooms.writing import RoomWriter


async def hub_of(connection: HTTPConnection) -> Hub:
    """Return the hub, which connections join."""
    hub: Hub = connection.app.state.hub
    return hub


async def lists_of(connection: HTTPConnection) -> ItemLists:
    """Return the live lists of rooms."""
    lists: ItemLists = connection.app.state.lists
    return lists


async def queries_of(connection: HTTPConnection) -> RoomQueries:
    """Return what reads rooms without a connection."""
    queries: RoomQueries = connection.app.state.queries
    return queries


async def writer_of(connection: HTTPConnection) -> RoomWriter:
    """Return what writes into rooms without a connection."""
    writer: RoomWriter = connection.app.state.writer
    return writer


async def status_of(connection: HTTPConnection) -> ProcessStatus:
    """Return what reports readiness and metrics."""
    status: ProcessStatus = connection.app.state.status
    return status


async def personal_data_of(connection: HTTPConnection) -> PersonalData:
    """Return what exports rooms and members, and erases members."""
    data: PersonalData = connection.app.state.personal_data
    return data


HubDep = Annotated[Hub, Depends(hub_of)]
ListsDep = Annotated[ItemLists, Depends(lists_of)]
RoomQueriesDep = Annotated[RoomQueries, Depends(queries_of)]
RoomWriterDep = Annotated[RoomWriter, Depends(writer_of)]
PersonalDataDep = Annotated[PersonalData, Depends(personal_data_of)]
StatusDep = Annotated[ProcessStatus, Depends(status_of)]
