"""Test the release: the tag is the version, tests run before the build, and one job publishes after an approval."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alcove.version import VERSION
from tests.support.deployment_files import ROOT, load_yaml

JOBS = load_yaml(ROOT / ".github/workflows/release.yml")["jobs"]


def run_version_check(*tags: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the check of the versions with the tags of a release."""
    command = [sys.executable, str(root / ".ci/version"), *tags]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the project's own


def run_step(job: str, text: str, folder: Path, **env: str) -> str:
    """Run the step of a job that contains this text in a folder, as a runner does, and return its output."""
    (script,) = [step["run"] for step in JOBS[job]["steps"] if text in step.get("run", "")]
    command = ["bash", "-e", "-c", script]
    result = subprocess.run(command, cwd=folder, env=os.environ | env, capture_output=True, text=True, check=False)  # noqa: S603 - the project's own
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_each_package_has_a_section_of_its_changelog_for_its_version() -> None:
    result = run_version_check()

    assert (result.returncode, result.stdout, result.stderr) == (0, f"{VERSION}\n", "")


@pytest.mark.parametrize("tag", ["v0", f"v{VERSION}.1", VERSION])
def test_tag_of_another_version_is_refused(tag: str) -> None:
    assert run_version_check(f"v{VERSION}").returncode == 0
    assert run_version_check(tag).stderr == f"the tag is {tag}, but the version is {VERSION}\n"


def test_version_without_a_section_of_the_changelog_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    for name in ("alcove/version.py", "CHANGELOG.md"):
        (tmp_path / "backend" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "backend" / name, tmp_path / "backend" / name)
    (tmp_path / "backend/alcove/version.py").write_text('VERSION = "9.9.9"\n')

    assert run_version_check(root=tmp_path).stderr == "backend/CHANGELOG.md: expected a section `## 9.9.9`\n"


def test_release_is_built_after_the_tests_and_published_by_a_guarded_job() -> None:
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in JOBS.items()}

    assert {"make check", "make test", '.ci/version "$GITHUB_REF_NAME"'} <= set(runs["test"])
    assert JOBS["packages"]["needs"] == JOBS["image"]["needs"] == "test"
    assert runs["packages"][-1] == "make dist"
    assert JOBS["publish"]["needs"] == ["packages", "image"]
    assert JOBS["publish"]["environment"] == "release"
    assert JOBS["publish"]["if"] == "vars.ALCOVE_PUBLISH == 'true'"
    publishing = ("publish", "push")
    assert [name for name, commands in runs.items() if any(word in run for run in commands for word in publishing)] == [
        "publish"
    ]
    assert [name for name, job in JOBS.items() if "id-token" in job.get("permissions", {})] == ["publish"]


def test_npm_packages_name_the_repository_of_their_provenance(tmp_path: Path) -> None:
    """The registry refuses a package with another repository, or none."""
    for manifest in (ROOT / "frontend/package.json", *(ROOT / "frontend").glob("packages/*/package.json")):
        copy = tmp_path / manifest.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(manifest, copy)
    packages = sorted((tmp_path / "frontend/packages").iterdir())
    before = [json.loads((package / "package.json").read_text()) for package in packages]
    run_step(
        "packages", "npm pkg set", tmp_path, GITHUB_SERVER_URL="https://github.com", GITHUB_REPOSITORY="someone/alcove"
    )

    for package, manifest in zip(packages, before, strict=True):
        assert json.loads((package / "package.json").read_text()) == manifest | {
            "repository": {
                "type": "git",
                "url": "git+https://github.com/someone/alcove.git",
                "directory": f"frontend/packages/{package.name}",
            }
        }


@pytest.mark.parametrize(
    ("published", "expected"),
    [([], ["client", "react", "element"]), (["client"], ["react", "element"]), (["client", "react", "element"], [])],
)
def test_repeated_release_publishes_missing_npm_packages_in_order(
    published: list[str], expected: list[str], tmp_path: Path
) -> None:
    built = tmp_path / "built/packages"
    built.mkdir(parents=True)
    for name in ("client", "element", "react"):
        (built / f"alcove-{name}-1.2.3-rc.1.tgz").touch()
    npm = tmp_path / "bin/npm"
    npm.parent.mkdir()
    published_ids = "|".join(["none", *(f"alcove-{name}@1.2.3-rc.1" for name in published)])
    npm.write_text(
        '#!/bin/sh\nif [ "$1" = publish ]; then echo "$*"; exit; fi\n'
        f'case "$2" in {published_ids}) echo 1.2.3-rc.1;; *) exit 1;; esac\n'
    )
    npm.chmod(0o755)
    lines = run_step("publish", "npm publish", tmp_path, PATH=f"{npm.parent}:{os.environ['PATH']}").splitlines()

    assert lines == [
        f"publish --provenance --access public ./built/packages/alcove-{name}-1.2.3-rc.1.tgz" for name in expected
    ]


def test_publishing_job_finds_the_artifacts_of_the_build_jobs() -> None:
    uploads = {
        step["with"]["name"]: step["with"]["path"]
        for job in JOBS.values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/upload-artifact@")
    }
    (folder,) = [
        step["with"]["path"]
        for step in JOBS["publish"]["steps"]
        if step.get("uses", "").startswith("actions/download-artifact@")
    ]
    publishing = " ".join(step.get("run", "") for step in JOBS["publish"]["steps"])

    assert uploads == {"packages": "dist", "image": "image"}
    assert all(f"{folder}/{name}/" in publishing for name in uploads)
    (image,) = [step["run"] for step in JOBS["image"]["steps"] if "docker save" in step.get("run", "")]
    assert 'gzip "image/alcove-${GITHUB_REF_NAME#v}.tar"' in image
    assert "image/alcove-$version.tar.gz" in publishing
