"""Test which request headers are shortened before the framework's parsers read them (L)."""

from alcove.api.plain_headers import shorten

BROWSER_ACCEPT = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def test_headers_of_a_browser_are_unchanged() -> None:
    headers = [
        (b"accept", BROWSER_ACCEPT),
        (b"cookie", b'a=b; quoted="c\\"d"; alcove_session=' + b"t" * 4000),
        (b"user-agent", b"\\" * 2000),
        (b"accept-language", b"es," * 2000),
    ]

    assert shorten(headers) == headers


def test_a_long_accept_header_is_cut_after_a_media_type() -> None:
    [(_, shortened)] = shorten([(b"accept", BROWSER_ACCEPT + b",a/b" * 5000)])

    assert 1000 < len(shortened) <= 1024
    assert (BROWSER_ACCEPT + b",a/b" * 5000).startswith(shortened + b",")
    assert shorten([(b"accept", b";" * 5000)]) == [(b"accept", b"")]


def test_only_a_long_cookie_with_backslashes_is_removed() -> None:
    cookies = b"alcove_session=token; bad=" + b"\\" * 5000 + b"; c=d"

    assert shorten([(b"cookie", cookies)]) == [(b"cookie", b"alcove_session=token; c=d")]
