"""Test that everything an installation downloads is pinned by a hash: libraries, tools, build requirements."""

import re
import tomllib
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[2]
MAKEFILE = (BACKEND.parent / "Makefile").read_text()
PROJECT = tomllib.loads((BACKEND / "pyproject.toml").read_text())


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock", "requirements-dev.lock"])
def test_every_library_of_a_lock_has_a_hash_and_no_registry(lock: str) -> None:
    text = (BACKEND / lock).read_text()
    pinned = re.findall(r"^([\w.\[\]-]+==\S+).*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)

    assert len(re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)) == len(pinned) > 0
    assert not re.search(r"://|--index|--find-links", text)


def test_build_requirements_of_the_package_are_locked() -> None:
    locked = set(re.findall(r"^([\w.-]+)==", (BACKEND / "requirements-build.lock").read_text(), re.MULTILINE))

    assert set(PROJECT["build-system"]["requires"]) <= locked


def test_make_installs_only_its_lock_tool_without_a_hash() -> None:
    installs = [line.partition(" install ")[2] for line in MAKEFILE.splitlines() if "$(PIP) install" in line]

    assert [args for args in installs if "--require-hashes" not in args and "-e backend" not in args] == ["uv"]
    assert [args for args in installs if "-e backend" in args] == ["--no-build-isolation --no-deps -e backend"]
