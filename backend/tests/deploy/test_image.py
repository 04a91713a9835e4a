"""The image is made of make targets: each of its stages has what its target needs. Docker itself is not tried here."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STAGES = (ROOT / "backend/Dockerfile").read_text().split("\nFROM ")[1:]
#: What `.dockerignore` keeps out.
MADE = shutil.ignore_patterns(".venv", "node_modules", "dist", "__pycache__", ".*_cache", "*.db*")


@pytest.mark.parametrize("stage", STAGES, ids=["page", "server"])
def test_a_stage_copies_what_its_make_target_needs(stage: str, tmp_path: Path) -> None:
    for source, target in re.findall(r"^COPY (?!--)(\S+) (\S+)$", stage, re.MULTILINE):
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / target, ignore=MADE)
        else:
            shutil.copy(ROOT / source, tmp_path / target)
    [wanted] = re.findall(r"^RUN make (\w+)", stage, re.MULTILINE)

    made = subprocess.run(  # noqa: S603 - a target of our own
        ["make", "--dry-run", wanted],  # noqa: S607 - the make of the PATH, as everywhere
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode == 0, made.stderr
