"""Test the whole page inside an application (`router(member, page=True)`), whose session is the only login."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from page_problems import PageProblems
from pages.room import RoomPage
from pages.words import EN
from tests.support.servers import BIN, Server, without_problems

HOST = """
from fastapi import FastAPI, HTTPException, Request
from starlette.middleware.sessions import SessionMiddleware

from alcove import Alcove, Member

alcove = Alcove("sqlite:///alcove.db")


def member(item_id: str, request: Request) -> Member:
    if (user := request.session.get("user")) is None:
        raise HTTPException(401, "sign in at the shop first")
    return Member(user, user.title(), "rw", items={"order-*": "rw"})


app = FastAPI(lifespan=alcove.lifespan)
app.add_middleware(SessionMiddleware, secret_key="of the host")
app.include_router(alcove.router(member, page=True), prefix="/rooms")


@app.post("/login/{user}")
def login(user: str, request: Request) -> None:
    request.session["user"] = user


@app.post("/logout")
async def logout(request: Request) -> None:
    await alcove.revoke(request.session.pop("user"))
"""
SIGNS_IN = "The application of this page signs you in."


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Server]:
    """Run the application with uvicorn."""
    (tmp_path / "host.py").write_text(HOST)
    command: list[str | Path] = [BIN / "uvicorn", "host:app", "--port", "0"]
    with without_problems(Server(command, cwd=tmp_path)) as server:
        yield server


def offers_no_login(room: RoomPage) -> None:
    """Check that the page has no fields for a member or a token, no demo, and no way to sign out."""
    for control in (room.token, room.name_field, room.connect_button, room.demo_button, room.sign_out_button):
        expect(control).to_have_count(0)


def test_the_page_inside_an_application_takes_its_login_and_offers_none(
    host: Server, page: Page, page_problems: PageProblems
) -> None:
    page_problems.expect("401|4401")  # before the login
    room = RoomPage(page, EN, name="Ada", at=f"{host.url}/rooms")
    page.goto(f"{room.at}/")
    expect(page.get_by_text(SIGNS_IN)).to_be_visible()
    offers_no_login(room)

    expect(page.request.post(f"{host.url}/login/ada")).to_be_ok()
    page.goto(f"{room.at}/items/order-1")
    room.wait_until_live()
    room.send("Where is my order?")
    expect(room.message_with("Where is my order?")).to_be_visible()
    expect(room.rooms.get_by_role("link", name="order-1")).to_be_visible()
    room.open_account()
    offers_no_login(room)
    page.keyboard.press("Escape")
    page.goto(f"{room.at}/")
    expect(page).to_have_url(f"{room.at}/items/order-1")
    expect(room.message_with("Where is my order?")).to_be_visible()

    expect(page.request.post(f"{host.url}/logout")).to_be_ok()
    expect(room.status).not_to_have_text("Live")
    offers_no_login(room)
