"""Read the examples of a document as a reader would copy them: code blocks whose first line names a file."""

import re
from pathlib import Path
from types import ModuleType

EMBEDDING = Path(__file__).parents[2] / "docs/embedding.md"
INTEGRATING = EMBEDDING.with_name("integrating.md")


def snippet(name: str, document: Path = EMBEDDING) -> str:
    """Return the code block that begins with a comment of this name."""
    pattern = rf"^```\w+\n(?:#|//) {re.escape(name)}\n(.*?)^```$"
    (code,) = re.findall(pattern, document.read_text(), re.DOTALL | re.MULTILINE)
    return str(code)


def module(name: str, document: Path = EMBEDDING) -> ModuleType:
    """Run a Python example, and return it as a module."""
    module = ModuleType(name.removesuffix(".py"))
    exec(compile(snippet(name, document), name, "exec"), module.__dict__)  # noqa: S102 - the project's own document
    return module
