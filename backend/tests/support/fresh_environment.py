"""Create a Python environment that has only what a distribution requires, without a package index.

It shares no path with the environment of the tests, where `alcove` is imported from its sources. The files of each
required library, as its own record lists them, are linked into it.
"""

import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

#: Where the tests' environment has its libraries.
_LIBRARIES = Path(sysconfig.get_path("purelib"))


class FreshEnvironment:
    """A virtual environment in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._run(sys.executable, "-m", "venv", "--without-pip", folder)
        self.libraries = next(folder.glob("lib/python*/site-packages"))

    def link(self, requirements: Iterable[str]) -> None:
        """Link libraries that are installed in the tests' environment, with all that they require."""
        for package in _closure(requirements):
            for file in package.files or ():
                if file.parts[0] == "..":  # a script, whose first line names the tests' interpreter
                    continue
                link = self.libraries / file
                link.parent.mkdir(parents=True, exist_ok=True)
                if not link.exists():
                    link.symlink_to(_LIBRARIES / file)

    def install(self, requirement: str) -> None:
        """Install a local file by pip, which fails if the environment lacks something that it requires."""
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", self.folder)
        self._run(*pip, "install", "--quiet", "--no-index", "--no-compile", requirement)

    def output(self, *command: str) -> str:
        """Run Python with these arguments, and return its output."""
        return self._run(self.python, *command)

    @staticmethod
    def _run(*command: str | Path) -> str:
        result = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)  # noqa: S603 - our own
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


def _closure(requirements: Iterable[str]) -> list[Distribution]:
    """Return the distributions that requirements need on this machine, each once."""
    waiting = [(Requirement(text), {""}) for text in requirements]
    visited: set[tuple[str, str]] = set()
    distributions: dict[str, Distribution] = {}
    while waiting:
        requirement, extras = waiting.pop()
        if requirement.marker is not None and not any(requirement.marker.evaluate({"extra": name}) for name in extras):
            continue
        package = distributions.setdefault(requirement.name, distribution(requirement.name))
        new = {extra for extra in ("", *requirement.extras) if (requirement.name, extra) not in visited}
        visited |= {(requirement.name, extra) for extra in new}
        if new:
            waiting += [(Requirement(text), new) for text in package.requires or ()]
    return list(distributions.values())
