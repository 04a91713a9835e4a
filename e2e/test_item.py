"""Test the tutorial's item page, whose socket needs a credential."""

import re

from playwright.sync_api import expect

from page_problems import PageProblems
from pages.item import ItemPage

REFUSED_PATTERN = r"Unexpected response code: 403"


def test_t2_with_a_token_one_talks_to_the_item(item: ItemPage) -> None:
    item.open()
    expect(item.item_id).to_have_value("foo")
    expect(item.token).to_have_value("some-key-token")

    item.connect()
    item.send("hello")

    expect(item.lines).to_have_text(
        ["Session cookie or query token value is: some-key-token", "Message text was: hello, for item ID: foo"]
    )
    expect(item.message).to_have_value("")
    expect(item.message).to_be_focused()


def test_t2_with_a_cookie_one_needs_no_token(item: ItemPage) -> None:
    item.open()
    item.sign_in("fakesession")
    item.token.fill("")

    item.connect()
    item.send("hello")

    expect(item.lines.first).to_have_text("Session cookie or query token value is: fakesession")


def test_t2_q_is_answered_too(item: ItemPage) -> None:
    item.open()
    item.q.fill("-3")

    item.connect()
    item.send("hello")

    expect(item.lines.nth(1)).to_have_text("Query parameter q is: -3")


def test_t2_any_item_and_any_words_arrive(item: ItemPage) -> None:
    item.open()
    item.item_id.fill("größe? 100% #日本 👋")

    item.connect()
    item.send("<b>مرحبا</b> 👩‍👩‍👧‍👦")

    expect(item.lines.nth(1)).to_have_text("Message text was: <b>مرحبا</b> 👩‍👩‍👧‍👦, for item ID: größe? 100% #日本 👋")


def test_t2_without_a_credential_one_is_refused_in_words(item: ItemPage, page_problems: PageProblems) -> None:
    page_problems.expect(REFUSED_PATTERN)
    item.open()
    item.token.fill("")

    item.connect_button.click()

    expect(item.status).to_contain_text("Disconnected The server refused the connection")
    expect(item.status).to_contain_text("the token")
    expect(item.connect_button).to_be_visible()


def test_t2_a_q_that_is_no_integer_is_refused_in_words(item: ItemPage, page_problems: PageProblems) -> None:
    page_problems.expect(REFUSED_PATTERN)
    item.open()
    item.q.fill("1.5")

    item.connect_button.click()

    expect(item.status).to_contain_text("if given, is a whole number")


def test_one_disconnects_and_connects_again(item: ItemPage) -> None:
    item.open()
    item.connect()
    item.send("before")
    expect(item.lines).to_have_count(2)

    item.disconnect_button.click()
    expect(item.status).to_have_text(re.compile("Disconnected You closed the connection"))
    item.connect()
    item.send("after")

    expect(item.lines.last).to_have_text("Message text was: after, for item ID: foo")


def test_nothing_is_sent_while_disconnected_and_nothing_typed_is_lost(item: ItemPage) -> None:
    item.open()
    item.type_and_press_enter("patience")
    expect(item.send_button).to_have_attribute("aria-disabled", "true")
    expect(item.warning).to_contain_text("Not connected, so nothing can be sent")
    expect(item.message).to_have_value("patience")
    expect(item.lines).to_have_count(0)

    item.connect()
    expect(item.message).to_have_value("patience")
    item.send_button.click()

    expect(item.lines.last).to_have_text("Message text was: patience, for item ID: foo")
