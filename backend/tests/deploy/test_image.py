"""Test the Dockerfile: files and order of each stage, and owners of folders, without running Docker."""

import fnmatch
import re
import shlex
from pathlib import Path

import pytest

from tests.support.deployment_files import ROOT, load_compose, load_yaml

DOCKERFILE = (ROOT / "backend/Dockerfile").read_text().replace("\\\n", " ")
#: The instructions of each stage; the last stage is the image.
PAGE, SERVER, IMAGE = (
    [line for line in stage.splitlines() if line[:1].isupper()] for stage in DOCKERFILE.split("\nFROM ")[1:]
)
#: The folders that the image creates: path → owner, group, mode.
Folders = dict[str, tuple[str, str, str]]


def copied_paths(stage: list[str]) -> list[str]:
    """Return the paths that a stage copies from the project, in order."""
    lines = [line.split()[1:-1] for line in stage if line.startswith("COPY ") and "--from" not in line]
    return [source for line in lines for source in line]


def created_folders() -> Folders:
    """Return the folders that the last stage creates by `install -d`."""
    result: Folders = {}
    for command in " ".join(line.removeprefix("RUN ") for line in IMAGE if line.startswith("RUN ")).split("&&"):
        arguments = shlex.split(command)
        if arguments[:2] == ["install", "-d"]:
            options = dict(zip(arguments[2:-1:2], arguments[3:-1:2], strict=True))
            result[arguments[-1]] = options["-o"], options["-g"], options["-m"]
    return result


def is_excluded(path: str) -> bool:
    """Return whether `.dockerignore` excludes a file; the last line that matches decides."""
    excluded = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        parts = [Path(path), *Path(path).parents]
        candidates = [part.name if pattern.startswith("**/") else str(part) for part in parts]
        if any(fnmatch.fnmatchcase(part, pattern.removeprefix("**/")) for part in candidates):
            excluded = not line.startswith("!")
    return excluded


@pytest.mark.parametrize("stage", [PAGE, SERVER], ids=["page", "server"])
def test_files_copied_by_a_stage_exist_and_are_not_ignored(stage: list[str]) -> None:
    assert copied_paths(stage)
    for source in copied_paths(stage):
        assert (ROOT / source).exists(), source
        assert not is_excluded(source), source


def test_image_contains_no_secrets_and_no_files_left_by_tools() -> None:
    sources = [*(ROOT / "backend/alcove").rglob("*.py"), *(ROOT / "backend/alcove").rglob("*.sql")]
    packaged = [
        str(path.relative_to(ROOT))
        for path in (
            *sources,
            *(
                path
                for part in ("app/src", "packages/client/src")
                for path in (ROOT / "frontend" / part).rglob("*.ts*")
            ),
        )
    ]
    excluded_paths = [
        *(".env", "backend/.env", "frontend/.env.local", "alcove.db", "backend/alcove.db-wal", ".git/config"),
        *("backend/.venv/bin/python", "backend/alcove/__pycache__/main.pyc", "backend/bench-results/report.md"),
        *("backend/.hypothesis/examples", "frontend/node_modules/vite/index.js", "frontend/app/dist/index.html"),
        *("frontend/test-results/a.png", "frontend/npm-debug.log", "e2e/test-results/trace.zip"),
        *("backend/tests/conftest.py", "backend/docs/SECURITY.md"),
    ]

    assert [path for path in packaged if is_excluded(path)] == []
    assert [path for path in excluded_paths if not is_excluded(path)] == []


@pytest.mark.parametrize(
    ("stage", "lock"), [(PAGE, "package-lock.json"), (SERVER, "requirements.lock")], ids=["page", "server"]
)
def test_change_of_code_does_not_reinstall_dependencies(stage: list[str], lock: str) -> None:
    """Docker repeats all instructions from the first one whose files changed."""
    (install_index,) = [n for n, line in enumerate(stage) if re.search(r"npm ci|--require-hashes -r", line)]
    before = [source for line in stage[:install_index] for source in copied_paths([line])]

    assert any(source.endswith(lock) for source in before)
    assert all(re.search(r"\.lock$|package(-lock)?\.json$", source) for source in before)


def test_all_packages_are_installed_by_hash() -> None:
    installs = [part for line in SERVER for part in line.split("&&") if "pip install" in part]

    assert installs
    assert all("--require-hashes" in part or "--no-deps -e ." in part for part in installs)
    assert all("--no-build-isolation" in part for part in installs if "-e ." in part)


def test_image_contains_neither_build_tools_nor_tests() -> None:
    text = " ".join(IMAGE)

    assert copied_paths(IMAGE) == []
    assert [line.split()[2] for line in IMAGE if line.startswith("COPY ")] == [
        "/alcove/backend",
        "/alcove/frontend/app/dist",
    ]
    assert "pip uninstall" in text
    assert "pip uninstall" in " ".join(SERVER)
    assert not re.search(r"\bmake\b|apt-get|npm", text)
    assert {source for source in copied_paths(SERVER) if (ROOT / source).is_dir()} == {"backend/alcove"}


def test_command_of_the_image_is_on_the_path() -> None:
    assert "ENV PATH=/alcove/backend/.venv/bin:$PATH" in IMAGE
    assert 'ENTRYPOINT ["alcove"]' in IMAGE


def test_labels_of_the_image_name_the_project_version_and_revision() -> None:
    (labels,) = [line for line in IMAGE if line.startswith("LABEL ")]
    result = dict(word.split("=", 1) for word in shlex.split(labels.removeprefix("LABEL ")))
    assert {name.removeprefix("org.opencontainers.image.") for name in result} == {
        *("title", "description", "licenses", "version", "revision", "created", "source", "base.name"),
    }
    release = load_yaml(ROOT / ".github/workflows/release.yml")["jobs"]["image"]["steps"]
    (build,) = [step["run"] for step in release if "docker build " in step.get("run", "")]
    build_arguments = set(re.findall(r"--build-arg (\w+)=", build))
    assert build_arguments == set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)\}", labels)) <= build_arguments


def test_base_images_can_be_pinned_by_digest_in_a_release() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert bases == ["${NODE}", "${PYTHON}", "${PYTHON}"]
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+:\S+)$", DOCKERFILE, re.MULTILINE))
    release = (ROOT / ".github/workflows/release.yml").read_text()
    assert sorted(defaults) == ["NODE", "PYTHON"]
    assert all(f"$(pinned {base})" in release for base in defaults.values())


def test_image_has_a_health_check_and_runs_as_its_own_user() -> None:
    (check,) = [line for line in IMAGE if line.startswith("HEALTHCHECK ")]
    (port,) = [line.split()[1] for line in IMAGE if line.startswith("EXPOSE ")]

    assert f"http://127.0.0.1:{port}/healthz" in check
    assert [line for line in IMAGE if re.match("USER|ENTRYPOINT", line)] == [
        "USER 10001:10001",
        'ENTRYPOINT ["alcove"]',
    ]


def test_data_folder_of_the_image_belongs_to_its_user() -> None:
    (user,) = re.findall(r"useradd [^&]*--uid (\d+) --gid (\d+) ", " ".join(IMAGE))
    (workdir,) = [line.split()[1] for line in IMAGE if line.startswith("WORKDIR ")]

    assert f"USER {':'.join(user)}" in IMAGE
    assert created_folders() == {workdir: (*user, "0750")}


def test_tmpfs_mounts_have_the_owner_and_mode_of_the_image_folders() -> None:
    """By default a tmpfs belongs to root and has the mode of the folder below it, so other users have no access."""
    mounts = [
        mount.partition(":")
        for service in load_compose()["services"].values()
        if service.get("image") == "alcove" or "build" in service
        for mount in service.get("tmpfs", [])
    ]
    mount_options = {
        path: tuple(sorted(options.split(","))) for path, _, options in mounts if path in created_folders()
    }

    assert set(created_folders()) == set(mount_options)
    for path, (owner, group, mode) in created_folders().items():
        assert mount_options[path] == tuple(sorted([f"uid={owner}", f"gid={group}", f"mode={mode}"]))
