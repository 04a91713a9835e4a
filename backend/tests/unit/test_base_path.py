"""Test the base path (B1): valid values of the setting, and its removal from the path of a request."""

from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from alcove.app import create_app
from alcove.base_path import OWN_SEGMENTS, check_base_path, split_path, url_path, without_prefix
from alcove.errors import SettingsError
from alcove.library.settings import settings_of
from alcove.settings import Settings

APP = Path(__file__).parents[3] / "frontend" / "app"


@pytest.mark.parametrize(
    "path", ["", "/chat", "/apps/chat", "/~ada/v1.2_x-y", "/Items", "/chat/items", "/...", "/a" * 100]
)
def test_b1_a_valid_path_is_accepted_unchanged(path: str) -> None:
    assert check_base_path(path) == path
    assert url_path(path) == path


# fmt: off
INVALID_PATHS = [
    "chat", "chat/", "/", "/chat/", "//x", "//", "/a//b", "/a b", "/a\t", "/a\n", "/../", "/..", "/.", "/a/../b",
    "/a/.", "/é", "/%63hat", "/a?b", "/a#b", "/a;b", '/a"b', "/<a>", "/a\\b", "https://a.example/chat", "/a" * 101,
]
# fmt: on


@pytest.mark.parametrize("path", INVALID_PATHS)
def test_b1_an_invalid_path_is_refused_with_the_expected_form(path: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a path such as /chat .* leave it empty"):
        check_base_path(path)
    with pytest.raises(SettingsError, match=r"^base_path=.*expected a path such as /chat"):
        settings_of(base_path=path)


@pytest.mark.parametrize("path", ["/api", "/api/chat", "/items", "/ws/chat", "/embed.js"])
def test_b1_a_path_of_alcove_itself_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="a path of Alcove itself"):
        check_base_path(path)


def test_b1_own_segments_contain_every_route_and_page_file(tmp_path: Path) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/alcove.db"))
    paths = [route.path.split("/")[1] for route in iter_route_contexts(app.routes) if route.path]
    files = [file.name for file in (*APP.glob("*.html"), *(APP / "public").iterdir())]

    assert {"api", "ws", "items"} <= set(paths)
    assert {path for path in (*paths, *files) if "{" not in path and path} <= OWN_SEGMENTS


@pytest.mark.parametrize(
    ("path", "prefix", "below"),
    [
        ("/chat/ws", "/chat", "/ws"),
        ("/chat/ws", "/chat/", "/ws"),
        ("/chat//ws", "/chat/", "/ws"),
        ("/chat", "/chat", "/"),
        ("/chat/", "/chat", "/"),
        ("/chatter", "/chat", "/chatter"),
        ("/ws", "/chat", "/ws"),
        ("/ws", "", "/ws"),
        ("//ws", "/", "/ws"),
        ("/chat/chat/ws", "/chat", "/chat/ws"),
    ],
)
def test_b1_a_prefix_is_removed_only_as_whole_segments(path: str, prefix: str, below: str) -> None:
    assert without_prefix(path, prefix) == below


@pytest.mark.parametrize(
    ("path", "root_path", "base_path", "expected"),
    [
        ("/ws", "", "", ("", "/ws")),
        # Only the setting is given; the proxy keeps the prefix or removes it.
        ("/chat/ws", "", "/chat", ("/chat", "/ws")),
        ("/ws", "", "/chat", ("/chat", "/ws")),
        # uvicorn puts its root path before every path.
        ("/chat/ws", "/chat", "", ("/chat", "/ws")),
        ("/chat/chat/ws", "/chat", "", ("/chat", "/ws")),
        # hypercorn does not.
        ("/ws", "/chat/", "", ("/chat", "/ws")),
        # Both are given; browsers use the setting.
        ("/chat/ws", "/chat", "/chat", ("/chat", "/ws")),
        ("/chat/chat/ws", "/chat", "/chat", ("/chat", "/ws")),
        ("/inner/ws", "/inner", "/outer/inner", ("/outer/inner", "/ws")),
        # Paths that only begin like the prefix, or repeat it.
        ("/chatter", "", "/chat", ("/chat", "/chatter")),
        ("/chat", "", "/chat", ("/chat", "/")),
        ("/items/chat/ws", "", "/chat", ("/chat", "/items/chat/ws")),
    ],
)
def test_b1_a_path_is_split_into_browser_prefix_and_rest(
    path: str, root_path: str, base_path: str, expected: tuple[str, str]
) -> None:
    assert split_path(path, root_path, base_path) == expected


def test_b1_a_prefix_is_escaped_for_urls_html_and_cookies() -> None:
    assert url_path("/of/a b\"<>&;,'\n/é") == "/of/a%20b%22%3C%3E%26%3B%2C%27%0A/%C3%A9"
