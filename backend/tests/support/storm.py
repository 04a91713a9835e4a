"""Choose the depth of randomized tests, which is moderate in `make test` and full in `make storm`."""

import os
from typing import TypeVar

import pytest

T = TypeVar("T")

#: Set by `make storm`.
DEEP = bool(os.environ.get("ALCOVE_STORM"))
#: Marks a test that goes deeper in `make storm`. `tests/conftest.py` adds the mark to hypothesis tests.
storm = pytest.mark.storm


def depth(everyday: T, deep: T) -> T:
    """Return the value for `make test` or the one for `make storm`, whichever runs."""
    return deep if DEEP else everyday


def example_count(everyday: int) -> int:
    """Return the number of examples that hypothesis tries, which is 20 times as high in `make storm`.

    The everyday number is enough to find the faults found so far.
    """
    return depth(everyday, 20 * everyday)
