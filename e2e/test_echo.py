"""Test that the echo page shows every sent text again."""

from playwright.sync_api import expect

from pages.echo import EchoPage


def test_t1_the_echo_is_connected_at_once_and_answers(echo: EchoPage) -> None:
    echo.open()
    expect(echo.status).to_contain_text("Connected")

    echo.send("hello")
    echo.send("¿hola?")

    expect(echo.lines).to_have_text(["Message text was: hello", "Message text was: ¿hola?"])


def test_t1_several_lines_come_back_as_they_were(echo: EchoPage) -> None:
    echo.open()
    expect(echo.status).to_contain_text("Connected")

    echo.send("one\n  two\nthree")

    expect(echo.lines).to_have_count(1)
    assert echo.lines.inner_text() == "Message text was: one\n  two\nthree"
