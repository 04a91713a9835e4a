"""Test the examples of the guide for applications as they are written."""

import re
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import DateTime, TypeDecorator, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from alcove import Alcove
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.running_host import run_host

with warnings.catch_warnings():  # TestClient warns that it prefers a package that the tests do not have
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

GUIDE = (Path(__file__).parents[2] / "docs/integrating.md").read_text()
#: The examples without a file name; test_integrating_examples tests those with one.
EXAMPLE, LIFESPAN, RECIPE = re.findall(r"```python\n(?!#)(.*?)```", GUIDE, re.DOTALL)


def run_first_example() -> dict[str, Any]:
    """Run the first example; return the names that it defines."""
    names: dict[str, Any] = {"__name__": "host"}
    exec(compile(EXAMPLE, "integrating.md", "exec"), names)  # noqa: S102 - our own text
    return names


async def test_library_example_admits_by_its_own_dependency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with run_host(run_first_example()["app"], prefix="/rooms") as server:
        headers = {"X-User": "ada"}
        async with await RoomClient.join(server, "order-7", token=None, headers=headers) as room:
            assert room.hello["you"] == {"id": "ada", "name": "Ada", "can": ["read", "write"]}
        assert (await expect_refusal(server, "order-404", token=None, headers=headers))[1] == 4403
        assert (await expect_refusal(server, "order-7", token=None))[1] == 4401


def test_recipe_for_tests_of_an_application_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = run_first_example() | {"TestClient": TestClient}
    exec(compile(RECIPE, "integrating.md", "exec"), names)  # noqa: S102 - our own text

    names["test_ada_reads_that_her_order_was_shipped"](tmp_path, monkeypatch)


def test_lifespan_example_starts_and_stops_alcove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    host_names = {"asynccontextmanager": asynccontextmanager, "AsyncIterator": AsyncIterator}
    names = run_first_example() | host_names
    exec(compile(LIFESPAN, "integrating.md", "exec"), names)  # noqa: S102 - our own text
    app = FastAPI(lifespan=names["lifespan"])

    with TestClient(app):
        assert names["alcove"].started
    assert not names["alcove"].started


class Base(DeclarativeBase):
    """The base class of an application's tables."""


class UtcDateTime(TypeDecorator[datetime]):
    """A column of times in UTC, because SQLite stores no time zone."""

    impl = DateTime
    cache_ok = True

    def process_result_value(self, value: datetime | None, _: object) -> datetime | None:
        """Add the time zone."""
        return value and value.replace(tzinfo=UTC)


class Comment(Base):
    """A comment in the database of the application."""

    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    order: Mapped[int]
    user: Mapped[int]
    name: Mapped[str]
    written: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str]


async def test_w14_example_imports_existing_comments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"### Existing comments.*?```py\n(.*?)```", GUIDE, re.DOTALL)
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    at = datetime(2024, 1, 1, tzinfo=UTC)
    async with Alcove(f"sqlite:///{tmp_path}/alcove.db") as alcove:
        with Session(engine) as session:
            for n in range(6):
                written = at + timedelta(minutes=n)
                session.add(Comment(order=n % 2, user=7, name="Ada", written=written, text=f"comment {n}"))
            session.commit()
            names: dict[str, Any] = {"alcove": alcove, "session": session, "select": select, "Comment": Comment}
            exec(f"async def run():\n{indent(example, '    ')}", names)  # noqa: S102 - our own text
            await names["run"]()
        entries = (await alcove.entries("order-1")).entries

    assert capsys.readouterr().out.endswith("6 of 6\n")
    assert [(entry.body, entry.at) for entry in entries] == [
        (f"comment {n}", at + timedelta(minutes=n)) for n in (1, 3, 5)
    ]
    assert {(entry.by.id, entry.by.name) for entry in entries} == {("7", "Ada")}
    engine.dispose()
