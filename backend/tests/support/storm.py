"""Choose the depth of randomized tests: moderate in `make test`, deep in `make storm`."""

import os
from typing import TypeVar

import pytest

T = TypeVar("T")

#: Set by `make storm`.
DEEP = bool(os.environ.get("ALCOVE_STORM"))
#: Marks a test that goes deeper in `make storm`. Tests of hypothesis get the mark by themselves (tests/conftest.py).
storm = pytest.mark.storm


def depth(everyday: T, deep: T) -> T:
    """Return the number, or the cases, for the present kind of run."""
    return deep if DEEP else everyday


def examples(everyday: int) -> int:
    """Return how many examples hypothesis tries; the everyday number is enough for the faults found so far."""
    return depth(everyday, 20 * everyday)
