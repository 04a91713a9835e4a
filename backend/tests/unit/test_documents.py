"""Test that the documents are complete (settings, close codes, limits, schema steps) and that their links work."""

import re
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from alcove.errors import Close
from alcove.observability.metrics import LIMIT_NAMES
from alcove.settings import Settings

BACKEND = Path(__file__).parents[2]
#: Found folder by folder, because a search through the whole project would walk through all installed packages.
DOCUMENTS = sorted(
    path
    for folder in ("", "backend/", "backend/docs/**/", "backend/bench/", "e2e/", "frontend/", "frontend/packages/*/")
    for path in BACKEND.parent.glob(f"{folder}*.md")
)


def readme_row(name: str, field: FieldInfo) -> str:
    """Return a setting's line in the README's table."""
    default = "" if field.default in {None, ""} else f"`{str(field.default).lower()}`"
    return f"| `ALCOVE_{name.upper()}` | {default} | {field.description} |".replace("|  |", "| |")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme_with_its_default(name: str) -> None:
    lines = (BACKEND / "README.md").read_text().splitlines()

    assert readme_row(name, Settings.model_fields[name]) in lines


def test_every_setting_in_the_readme_exists() -> None:
    lines = (BACKEND / "README.md").read_text().splitlines()
    documented = [line.split("`")[1] for line in lines if line.startswith("| `ALCOVE_")]

    assert sorted(documented) == sorted(f"ALCOVE_{name.upper()}" for name in Settings.model_fields)


@pytest.mark.parametrize("code", Close)
def test_c_every_close_code_is_in_the_protocol(code: Close) -> None:
    lines = (BACKEND / "PROTOCOL.md").read_text().splitlines()

    assert sum(line.startswith(f"| {code.value} | ") for line in lines) == 1


def test_w7_every_counted_limit_is_in_the_guide() -> None:
    guide = (BACKEND / "docs/operating.md").read_text()
    table = guide.partition("| `limit` |")[2].partition("\n\n")[0]
    names = [name for row in table.splitlines()[2:] for name in row.split("|")[1].replace("`", "").split(",")]

    assert sorted(name.strip() for name in names) == sorted(LIMIT_NAMES)


def anchors(document: Path) -> set[str]:
    """Return the anchors that the headings of a document get on a code host."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(BACKEND.parent)))
def test_every_link_leads_to_an_existing_file_and_heading(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|/|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)", document.read_text())
    broken = []
    for name, anchor in links:
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{name}#{anchor}" if anchor else name)

    assert broken == []


def test_every_threat_names_an_existing_test() -> None:
    rows = [line for line in (BACKEND / "docs/SECURITY.md").read_text().splitlines() if line.endswith("` |")]
    source = "\n".join(path.read_text() for path in (BACKEND / "tests").rglob("*.py"))
    missing = [row for row in rows if f"def {row.split('`')[-2]}(" not in source]

    assert len(rows) > 30
    assert missing == []


@pytest.mark.parametrize(("engine", "heading"), [("sqlite", "SQLite"), ("postgres", "PostgreSQL")])
def test_every_schema_step_is_in_the_upgrade_guide(engine: str, heading: str) -> None:
    steps = [path.stem for path in sorted((BACKEND / f"alcove/storage/{engine}").glob("[0-9][0-9][0-9].sql"))]
    table = (BACKEND / "docs/upgrading.md").read_text().partition(f"| schema on {heading} |")[2].partition("\n\n")[0]

    assert [f"{int(row.split('|')[1]):03}" for row in table.splitlines()[2:]] == steps[1:]
