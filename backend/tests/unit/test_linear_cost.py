"""Test that processing input takes time in proportion to its size, so that no request blocks the process (D2).

The regular expressions are found in the source of the package; a new one fails here until it has a worst input.
"""

import ast
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from time import thread_time_ns

import msgspec
import pytest
from fastapi.routing import _iter_accept_media_types
from starlette.requests import cookie_parser

import alcove
from alcove.access.open_mode import open_name
from alcove.access.revocations import token_digest
from alcove.access.rights import rights_on
from alcove.api.plain_headers import shorten
from alcove.cluster.messages import decode as decode_cluster_message
from alcove.command_decoder import MalformedError
from alcove.command_decoder import decode as decode_line
from alcove.errors import AlcoveError
from alcove.item_ids import check_item_id, make_item_id
from alcove.observability.logs import CredentialFilter, JsonLines, mask
from alcove.urls import check_url, redact_url
from alcove.wire.rfc6455 import Parser

PACKAGE = Path(alcove.__file__).parent
#: The larger of the two sizes: the default bound of a request's line and headers.
LARGER_SIZE_BYTES = 32 * 1024
#: Four times the input takes four times as long in a linear parser, and sixteen times in a quadratic one.
WORST_GROWTH = 8

#: A regular expression: the name of its module, and its text.
Expression = tuple[str, str]
#: The functions of `re` whose first argument is a pattern.
_CALLS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}


def find_expressions() -> Iterator[Expression]:
    """Yield every regular expression in the package's source: calls of `re`, and patterns of fields and parameters."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(("alcove", *path.relative_to(PACKAGE).with_suffix("").parts))
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            is_method = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
            if is_method and node.func.value.id == "re" and node.func.attr in _CALLS:  # type: ignore[attr-defined] # checked above
                yield module, pattern_text(node.args[0], module)
            for keyword in node.keywords:
                if keyword.arg == "pattern":
                    yield module, pattern_text(keyword.value, module)


def pattern_text(node: ast.expr, module: str) -> str:
    """Return the text of a pattern that is a literal, or the name of a constant of the module."""
    value = getattr(import_module(module), node.id) if isinstance(node, ast.Name) else ast.literal_eval(node)
    return value.decode() if isinstance(value, bytes) else str(value)


def repeating(*parts: str, head: str = "", tail: str = "") -> list[Callable[[int], str]]:
    """Return functions that create texts of a given size, each repeating one of the parts."""

    def make(part: str, size: int) -> str:
        return (head + part * (size // len(part) + 1))[: size - len(tail)] + tail

    return [partial(make, part) for part in parts]


#: The most expensive texts of an expression: it nearly matches them at many places, or over a long distance.
PARAMETERS = repeating("?", "&", "&a", "?a", "a", "?a=", "&%74oken=", '?"')
SECRETS = repeating(
    "-ey",
    "eyaaaaaaaa-",
    "eyaaaaaaaa.",
    "eyaaaaaaaa%2e",
    "ey.",
    "a",
    "-",
    "%ey",
    "%2e",
    "session=",
    "session=;",
    "bearer ",
    " ey",
)
#: The worst inputs of expressions, by a part of the expression.
WORST_INPUTS: dict[str, list[Callable[[int], str]]] = {
    r"(?<=[?&])": PARAMETERS,
    r"e[wy]": SECRETS,
    r"^[^\x00]*$": repeating("a", tail="\0") + repeating("\0", "a"),
    r"(?::[0-9]*)?": repeating("a", tail=" ") + repeating("1", head="here:", tail="!") + repeating("[:"),
    r"[0-9A-Za-z._:@-]*": repeating("a", tail="!") + repeating("!", "e\u0301"),
    r'\{"type":"entry","seq":(\d+),': repeating("1", head='{"type":"entry","seq":')
    + repeating('{"type":"entry","seq":'),
    r"\s": repeating("a", " "),
    r"\bALCOVE_([A-Z_]+)": repeating("ALCOVE_", "ALCOVE_!", "A ") + repeating("A", head="ALCOVE_"),
    r"(?:/[A-Za-z0-9._~-]+)+": repeating("/a", "/", "a", "/a/", tail="!"),
    r'(\b(?:src|href|content)=")/(?!/)': repeating('src="', ' href="/', 'content="//', "src", "="),
    r"\blines? (\d{1,15})": repeating("line ", "line 1", "lines 1 to ", "1", head="line ")
    + repeating("1", tail="a", head="line ")
    + repeating("1", tail="a", head="lines 1 to "),
    r"(\d{1,9})([smhd])": repeating("1", "1s"),
    r"^[\w.:-]{1,40}$": repeating("a", tail="!"),
    r"[\w:-][\w.:-]{0,99}": repeating("a", tail="!"),
    r"[!-+\--:<-~ ]+": repeating("a", tail="\n") + repeating("!"),
    r"https?://[a-z0-9._:\[\]-]+": repeating("a", head="https://", tail="/") + repeating("https://"),
    r"https://[A-Za-z0-9\[]": repeating("a", head="https://", tail="<") + repeating("https://a", "["),
    r"^[^*\x00]*$": repeating("a", tail="*") + repeating("*", "\0"),
    r"^(CREATE|DROP) ": repeating("OR REPLACE ", "UNLOGGED ", "a", head="CREATE ") + repeating("DROP TABLE alcove.a\n"),
    r"^-- (\w+) --$": repeating("-- a", "-- a --\n", "a", tail="\n"),
}


def worst_inputs(pattern: str) -> list[Callable[[int], str]]:
    """Return the worst inputs of an expression; none if WORST_INPUTS lacks the expression."""
    return next((makers for part, makers in WORST_INPUTS.items() if part in pattern), [])


def measure_ns(work: Callable[[], object]) -> float:
    """Measure the processor time that the work takes in ns, as the minimum of several measurements."""
    runs = 1
    while (elapsed_ns := processor_time_ns(work, runs)) < 200_000:
        runs *= max(2, min(100, 300_000 // max(elapsed_ns, 1)))
    return min(elapsed_ns, *(processor_time_ns(work, runs) for _ in range(2))) / runs


def processor_time_ns(work: Callable[[], object], runs: int) -> int:
    """Measure the processor time of this thread that several runs take in ns."""
    start = thread_time_ns()
    for _ in range(runs):
        work()
    return thread_time_ns() - start


def measure_growth(work: Callable[[str], object], maker: Callable[[int], str], size: int = LARGER_SIZE_BYTES) -> float:
    """Measure how many times longer four times the input takes, as the minimum of up to three measurements."""
    small, large = maker(size // 4), maker(size)

    def run(text: str) -> None:
        with suppress(AlcoveError, MalformedError, ValueError, msgspec.DecodeError, RecursionError):
            work(text)

    ratio = WORST_GROWTH * 2.0
    for _ in range(3):
        ratio = min(ratio, measure_ns(lambda: run(large)) / measure_ns(lambda: run(small)))
        if ratio < WORST_GROWTH:
            break
    return ratio


def create_matcher(pattern: str) -> Callable[[str], object]:
    """Return a function that applies an expression in every way in which the package and its libraries do."""
    compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    return lambda text: (compiled.sub("", text), compiled.match(text), compiled.fullmatch(text))


EXPRESSIONS = sorted(set(find_expressions()))


def test_expressions_are_found() -> None:
    assert any("e[wy]" in pattern for module, pattern in EXPRESSIONS if module == "alcove.observability.logs")
    assert any("x00" in pattern for module, pattern in EXPRESSIONS if module == "alcove.protocol")


@pytest.mark.parametrize(("module", "pattern"), EXPRESSIONS)
def test_an_expression_takes_time_linear_in_the_text(module: str, pattern: str) -> None:
    makers = worst_inputs(pattern)

    assert makers, f"{module}: give {pattern!r} its worst input in WORST_INPUTS"
    work = create_matcher(pattern)
    slow = {maker(60): ratio for maker in makers if (ratio := measure_growth(work, maker)) >= WORST_GROWTH}
    assert slow == {}


def format_access_line(text: str) -> None:
    """Format a line of the access log as masked JSON."""
    request = ("127.0.0.1:1", "GET", text, "1.1", 200)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', request, None)
    CredentialFilter().filter(record)
    JsonLines().format(record)


def parse_frames(text: str) -> None:
    """Parse a client's frames byte by byte, as slow networks deliver them."""
    parser = Parser(1 << 20)
    for byte in text.encode("latin-1", errors="replace"):
        parser.receive(bytes((byte,)))


def parse_accept(text: str) -> None:
    """Parse `Accept` as FastAPI does for a path of the page."""
    [(_, value)] = shorten([(b"accept", text.encode())])
    list(_iter_accept_media_types(value.decode()))


def parse_cookies(text: str) -> None:
    """Parse a request's cookies as Starlette does."""
    [(_, value)] = shorten([(b"cookie", text.encode())])
    cookie_parser(value.decode())


JSON = repeating("[", '{"a":', '"', "1", "-", " ", "\\", '{"type":"send","id":"', "[1,", "\n")
PARSERS: dict[str, tuple[Callable[[str], object], list[Callable[[int], str]]]] = {
    "a line of the access log": (format_access_line, PARAMETERS + SECRETS),
    "a span's attribute": (lambda text: mask(f"?{text}")[1:], PARAMETERS),
    "a line of the room protocol": (decode_line, JSON),
    "the body of a line": (lambda body: decode_line(f'{{"type":"send","id":"1","body":{body}}}'), JSON),
    "a message on the bus": (lambda text: decode_cluster_message(text.encode()), JSON),
    "frames": (parse_frames, repeating("\x81\x80\0\0\0\0", "\x89\x80\0\0\0\0", "\0\x80\0\0\0\0", "\x01\xfe\xff\xff")),
    "rights on an item": (
        lambda text: rights_on(dict.fromkeys(text.split("?"), "r"), "a" * 128),
        repeating("a*?", "aa?", "?"),
    ),
    "an item's id": (check_item_id, repeating("a", "e\u0301", "\u0315\u0300", "/", "\u1e69")),
    "an item's id made of any text": (make_item_id, repeating("a", "e\u0301", "\u0315\u0300", "/")),
    "a token's digest": (token_digest, repeating(".", "a", "a.")),
    "a cookie of open mode": (open_name, repeating(".", "a", "=", head="open.")),
    "an address": (check_url, repeating("a", "/", ":", "@", " ", head="http://")),
    "an address as it is shown": (redact_url, repeating("/", "?", "@", "a", "//a", head="http:")),
    "the media types of a page's request": (
        parse_accept,
        repeating(";", ";a", ",;", 'a;"', '"', "\\", head='a;"') + repeating(";"),
    ),
    "a request's cookies": (parse_cookies, repeating("\\a", "\\", "\\1", ";", "=", tail='"', head='a="')),
    "the lenient decoder": (json.loads, JSON),
}


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_time_linear_in_the_text(name: str) -> None:
    work, makers = PARSERS[name]
    slow = {maker(60): ratio for maker in makers if (ratio := measure_growth(work, maker)) >= WORST_GROWTH}

    assert slow == {}


def test_a_quadratic_expression_is_detected() -> None:
    quadratic = create_matcher(r"(?<=[?&])([^=&\s]+)=")

    assert measure_growth(quadratic, repeating("?")[0], 2048) >= WORST_GROWTH
