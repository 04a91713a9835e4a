"""Test the release: the tag is the version, tests run before the build, and one job publishes after an approval."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alcove.version import VERSION
from tests.support.deployment_files import ROOT, document

JOBS = document(ROOT / ".github/workflows/release.yml")["jobs"]


def check(*tags: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the check of versions."""
    command = [sys.executable, str(root / ".ci/version"), *tags]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the project's own


def test_each_package_has_a_section_of_its_changelog_for_its_version() -> None:
    result = check()

    assert (result.returncode, result.stdout, result.stderr) == (0, f"{VERSION}\n", "")


@pytest.mark.parametrize("tag", ["v0", f"v{VERSION}.1", VERSION])
def test_a_tag_that_is_not_the_version_is_refused(tag: str) -> None:
    assert check(f"v{VERSION}").returncode == 0
    assert check(tag).stderr == f"the tag is {tag}, but the version is {VERSION}\n"


def test_a_version_without_a_section_of_the_changelog_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    for name in ("alcove/version.py", "CHANGELOG.md"):
        (tmp_path / "backend" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "backend" / name, tmp_path / "backend" / name)
    (tmp_path / "backend/alcove/version.py").write_text('VERSION = "9.9.9"\n')

    assert check(root=tmp_path).stderr == "backend/CHANGELOG.md: expected a section `## 9.9.9`\n"


def test_everything_is_built_after_the_tests_and_published_by_one_job_that_is_guarded() -> None:
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in JOBS.items()}

    assert {"make check", "make test", '.ci/version "$GITHUB_REF_NAME"'} <= set(runs["test"])
    assert JOBS["packages"]["needs"] == JOBS["image"]["needs"] == "test"
    assert runs["packages"] == ["make dist"]
    assert JOBS["publish"]["needs"] == ["packages", "image"]
    assert JOBS["publish"]["environment"] == "release"
    assert JOBS["publish"]["if"] == "vars.ALCOVE_PUBLISH == 'true'"
    publishing = ("publish", "push")
    assert [name for name, commands in runs.items() if any(word in run for run in commands for word in publishing)] == [
        "publish"
    ]
    assert [name for name, job in JOBS.items() if "id-token" in job.get("permissions", {})] == ["publish"]
