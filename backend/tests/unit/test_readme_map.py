"""Test that the README's map names every module and test folder, and that all files in its tables exist."""

import re
import tomllib
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[2]
ROOT = BACKEND.parent
README = (BACKEND / "README.md").read_text()
#: The folder of the paths in the sections "I want to change" and "Add …", by the beginning of the path.
FOLDER_ROOTS = {"backend/": ROOT, "frontend/": ROOT, "e2e/": ROOT, "alcove/": BACKEND}


def section(title: str) -> str:
    """Return the text of a section, without its heading."""
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## )", README, re.DOTALL | re.MULTILINE)
    assert match is not None, f"expected a section {title!r}"
    return match[1]


def mapped_paths() -> list[str]:
    """Return the packages and modules of the map, as paths below backend/."""
    tree = re.search(r"```\n(alcove/\n.*?)```", section("Map"), re.DOTALL)
    assert tree is not None
    paths: list[str] = []
    folder = ""
    for line in tree[1].splitlines():
        if not line.startswith(" "):
            folder = line.split()[0]
            paths.append(folder)
        paths += [folder + name for name in re.findall(r"(?<!\S)\w+(?:\.py|/)(?!\S)", line if line[0] == " " else "")]
    return paths


def named_files(text: str) -> set[Path]:
    """Return the files and folders named in backticks; a path without a beginning of FOLDER_ROOTS is below alcove/."""
    names = re.findall(r"`([\w./-]+(?:/|\.(?:py|sql|ts|tsx|md|json|toml)))`", text)
    names = [name for name in names if "NAME" not in name and name != "queries.sql"]
    root_files = {"pyproject.toml": BACKEND, "README.md": BACKEND}
    return {
        next(
            (root for start, root in FOLDER_ROOTS.items() if name.startswith(start)),
            root_files.get(name, BACKEND / "alcove"),
        )
        / name
        for name in names
    }


def test_the_map_names_every_package_and_module_once_and_no_other() -> None:
    package = BACKEND / "alcove"
    modules = [path for path in package.rglob("*.py") if path.name != "__init__.py"]
    folders = [path for path in package.rglob("*") if path.is_dir() and path.name != "__pycache__"]
    existing = {str(path.relative_to(BACKEND)) for path in modules}
    existing |= {f"{path.relative_to(BACKEND)}/" for path in [package, *folders]}
    names = mapped_paths()

    assert existing - set(names) == set(), "add these to the map in backend/README.md"
    assert set(names) - existing == set(), "remove these from the map in backend/README.md"
    assert len(names) == len(set(names))


def test_the_map_gives_the_order_of_the_import_contract() -> None:
    contracts = tomllib.loads((BACKEND / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]

    assert f"`{' → '.join([*layers[:-1], 'ground'])}`" in section("Map")
    assert sorted(layers[-1].split(" : ")) == sorted(
        name.removesuffix(".py")
        for line in section("Map").splitlines()
        if "ground: " in line
        for name in re.findall(r"\w+\.py", line)
    )


def test_the_map_names_every_test_folder_and_no_other() -> None:
    folders = [path.name for path in (BACKEND / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"]

    assert sorted(re.findall(r"^\| `tests/(\w+)/`", section("Map"), re.MULTILINE)) == sorted(folders)


def test_every_file_of_the_table_of_changes_exists() -> None:
    table = section("I want to change …")

    assert table.count("\n|") > 27
    assert sorted(str(path) for path in named_files(table) if not path.exists()) == []


@pytest.mark.parametrize("section_title", ["a kind of entry", "a bus", "a log engine", "a setting", "a close code"])
def test_every_file_of_an_add_section_exists(section_title: str) -> None:
    files = named_files(section(f"Add {section_title}"))

    assert len(files) >= 4
    assert sorted(str(path) for path in files if not path.exists()) == []


def test_the_readme_names_the_latest_schema_steps() -> None:
    for engine in ("sqlite", "postgres"):
        folder = BACKEND / "alcove/storage" / engine
        latest = max(path.name for path in folder.glob("[0-9]*.sql"))
        named_steps = re.findall(rf"numbered file beside\s+`alcove/storage/{engine}/(\d+\.sql)`", README)

        assert named_steps != []
        assert set(named_steps) == {latest}


def test_each_postgresql_function_is_named_with_its_latest_step() -> None:
    folder = BACKEND / "alcove/storage/postgres"
    named = [
        (step, function)
        for step, functions in re.findall(r"`storage/postgres/(\d+\.sql)` \(([^)]*)\)", section("I want to change …"))
        for function in re.findall(r"`(\w+)`", functions)
    ]
    last = {
        function: path.name
        for path in sorted(folder.glob("[0-9]*.sql"))
        for function in re.findall(r"FUNCTION (?:\w+\.)?(\w+)\s*\(", path.read_text())
    }

    assert named != []
    assert [(step, function) for step, function in named if last.get(function) != step] == []
