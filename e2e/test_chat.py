"""Test that all who have the chat open get every line."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from pages.chat import ChatPage
from pages.words import EN


def test_t3_two_tabs_talk_and_one_leaves(chat: ChatPage, another_tab: Callable[[], Page]) -> None:
    other = ChatPage(another_tab(), EN)
    chat.open()
    other.open()
    expect(chat.status).to_contain_text("Connected")
    expect(other.status).to_contain_text("Connected")
    me, you = chat.client_id(), other.client_id()
    assert me != you

    chat.send("hello")
    expect(other.lines).to_have_text([f"Client #{me} says: hello"])
    other.send("hi")
    expect(chat.lines).to_have_text(["You wrote: hello", f"Client #{me} says: hello", f"Client #{you} says: hi"])
    expect(other.lines.nth(1)).to_have_text("You wrote: hi")

    other.page.close()
    expect(chat.lines.last).to_have_text(f"Client #{you} left the chat")


def test_t3_opening_another_page_leaves_the_chat(chat: ChatPage, another_tab: Callable[[], Page]) -> None:
    other = ChatPage(another_tab(), EN)
    chat.open()
    expect(chat.status).to_contain_text("Connected")
    other.open()
    expect(other.status).to_contain_text("Connected")
    you = other.client_id()

    other.go_to(EN.echo)

    expect(chat.lines).to_have_text([f"Client #{you} left the chat"])
