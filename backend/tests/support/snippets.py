"""Read and run the examples of a document, which are code blocks whose first line is a comment with a file name."""

import re
from pathlib import Path
from types import ModuleType

EMBEDDING = Path(__file__).parents[2] / "docs/embedding.md"
INTEGRATING = EMBEDDING.with_name("integrating.md")


def snippet(name: str, document: Path = EMBEDDING) -> str:
    """Return the code block with this file name."""
    pattern = rf"^```\w+\n(?:#|//) {re.escape(name)}\n(.*?)^```$"
    (code,) = re.findall(pattern, document.read_text(), re.DOTALL | re.MULTILINE)
    return str(code)


def run_snippet(name: str, document: Path = EMBEDDING) -> ModuleType:
    """Run a Python example, and return it as a module."""
    module = ModuleType(name.removesuffix(".py"))
    exec(compile(snippet(name, document), name, "exec"), module.__dict__)  # noqa: S102 - the project's own document
    return module
