"""Test that the bench runs its smallest scenario and writes its reports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.frames import MARK, body, heads, scan
from bench.peers.base import BACKEND


def test_bench_counts_deliveries_and_writes_its_reports(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "bench",
        "--only",
        "room-100-16",
        "--peers",
        "alcove,tutorial",
        "--carrier",
        "asgi",
    ]
    command += ["--repeat", "1", "--seconds", "0.2", "--out", str(tmp_path)]

    result = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own

    assert result.returncode == 0, result.stdout + result.stderr
    assert "one room, 100 readers, 16 in flight" in result.stdout
    cells = json.loads((tmp_path / "bench.json").read_text())["cells"]
    assert [cell["peer"] for cell in cells] == ["alcove-asgi", "tutorial"]
    for cell in cells:
        assert cell["runs"][0][0] > 0
        assert (cell["lost"], cell["disordered"], cell["errors"]) == (0, 0, [])
    assert (tmp_path / "bench.svg").read_text().startswith("<svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bench.json", "bench.md", "bench.svg"]


def test_profile_shows_the_time_of_each_stage_of_a_send(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "profile", "--only", "room-100-16", "--carrier", "detached"]
    command += ["--seconds", "0.2", "--out", str(tmp_path)]

    result = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own

    assert result.returncode == 0, result.stdout + result.stderr
    for stage in ("main thread", "garbage collector", "thread alcove-writer"):
        assert stage in result.stdout


def test_bench_compares_the_library_with_the_server(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "library", "--only", "room-100-16"]
    command += ["--repeat", "1", "--seconds", "0.2", "--out", str(tmp_path)]

    result = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own

    assert result.returncode == 0, result.stdout + result.stderr
    cells = json.loads((tmp_path / "bench.json").read_text())["cells"]
    assert [cell["peer"] for cell in cells] == ["library, plain uvicorn", "library, lean connections", "alcove serve"]
    assert all(cell["runs"][0][0] > 0 for cell in cells)


@pytest.mark.parametrize("chunk_bytes", [1, 2, 7, 30, 38, 39, 80, 81, 500])
def test_scan_counts_each_entry_once_at_any_chunk_size(chunk_bytes: int) -> None:
    stream = b"".join(b'\x81\x7e\x5e\x40{"body":"%b"}\n' % body(number, 5, 80).encode() for number in range(9))
    numbers: list[int] = []
    entries, rest = 0, b""

    for start in range(0, len(stream), chunk_bytes):
        scanned = scan(rest + stream[start : start + chunk_bytes])
        entries, rest = entries + scanned.entry_count, scanned.rest
        numbers += range(scanned.first, scanned.last + 1)

    assert (entries, numbers) == (9, list(range(9)))
    assert heads(stream) == [(number, 5) for number in range(9)]
    assert body(0, 0, 80).encode().count(MARK) == 1
