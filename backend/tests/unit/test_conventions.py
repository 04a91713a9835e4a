"""Test the conventions of all tests: shared code is in `tests/support`, and objects are patched by reference."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

BACKEND = Path(__file__).parents[2]
E2E = BACKEND.parent / "e2e"
#: The only module that makes HTTP clients.
HTTP = BACKEND / "tests" / "support" / "http.py"
SOURCES = sorted([*(BACKEND / "tests").rglob("*.py"), *E2E.rglob("*.py")])
#: The ends of the names of functions that patch an object.
PATCHES = [["monkeypatch", "setattr"], ["monkeypatch", "delattr"], ["patch", "setattr"], ["mock", "patch"], ["patch"]]
#: The functions and classes of httpx that make a request.
CLIENTS = {"Client", "AsyncClient", "get", "post", "put", "patch", "delete", "request", "stream"}


def imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield the full names that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" for alias in node.names)


def imported_tests(source: str) -> list[str]:
    """Return the imports of a test module or of a conftest."""
    return [
        name
        for name in imported_names(ast.parse(source))
        if any(part == "conftest" or part.startswith("test_") for part in name.split("."))
    ]


def string_patches(source: str) -> list[str]:
    """Return the calls that patch an object named by a string."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-2:] in PATCHES
        and node.args
        and isinstance(node.args[0], (ast.Constant, ast.JoinedStr))
    ]


def http_clients(source: str) -> list[str]:
    """Return the calls that create an HTTP client, or make a request without one."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLIENTS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "httpx"
    ]


def find_violations(check: Callable[[str], list[str]], *words: str, exempt: Path | None = None) -> dict[str, list[str]]:
    """Return the violations by file; check only sources with one of these words, because parsing all takes seconds."""
    violations = {
        str(path.relative_to(BACKEND.parent)): check(source)
        for path in SOURCES
        if path != exempt and any(word in (source := path.read_text()) for word in words)
    }
    return {path: calls for path, calls in violations.items() if calls}


def test_no_module_imports_a_test_or_a_conftest() -> None:
    assert find_violations(imported_tests, "conftest", "import test_", "from test_", ".test_") == {}


def test_no_test_patches_by_a_string_path() -> None:
    assert find_violations(string_patches, "patch") == {}


def test_every_http_client_comes_from_the_helper() -> None:
    assert find_violations(http_clients, "httpx.", exempt=HTTP) == {}


def test_each_forbidden_pattern_is_detected() -> None:
    assert imported_tests("from tests.unit.test_tail import tail\nfrom tests.contract.conftest import OpenLog") != []
    assert imported_tests("import test_room") == ["test_room"]
    assert imported_tests("from tests.unit import test_tail\nfrom tests.support.http import http") != []
    assert string_patches('monkeypatch.setattr("alcove.wire.asgi._STALL_S", 0.2)') != []
    assert string_patches("with mock.patch('tempfile.mkdtemp'): pass") != []
    assert string_patches('monkeypatch.setattr(asgi, "_STALL_S", 0.2)') == []
    assert http_clients("async with httpx.AsyncClient(base_url=server.url) as client: pass") != []
    assert http_clients("httpx.post('http://127.0.0.1/')") != []
    assert http_clients("def write(client: httpx.AsyncClient) -> None: ...") == []
