"""Valid and invalid item ids, with which every place that takes one is tested (H3); the page uses them, too."""

import json
from pathlib import Path

import pytest

_TABLE = json.loads(
    (Path(__file__).parents[3] / "frontend/packages/client/test/support/itemIds.json").read_text(encoding="utf-8")
)
VALID_IDS: list[str] = _TABLE["good"]
#: What is refused, and the id that the refusal names: it in NFC, where that is an id; else an empty text.
INVALID_IDS: list[tuple[str, str]] = [(case["id"], case.get("normalized", "")) for case in _TABLE["bad"]]


def _shown(case: object) -> str:
    """Format a case as a test id that every terminal can show."""
    return ascii(case)[:40]


each_valid_id = pytest.mark.parametrize("item_id", VALID_IDS, ids=_shown)
each_invalid_id = pytest.mark.parametrize(("invalid_id", "normalized"), INVALID_IDS, ids=_shown)
