"""The files of a deployment, as tests read them."""

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # its types are a package of their own, and one call needs none

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "backend" / "deploy"
#: A file of settings; Any: what YAML holds.
Document = dict[str, Any]


def document(path: Path) -> Document:
    """A YAML file, which holds a mapping."""
    found = yaml.safe_load(path.read_text())
    assert isinstance(found, dict), path
    return found


def compose() -> Document:
    """`docker-compose.yml`."""
    return document(ROOT / "docker-compose.yml")


def services(*profiles: str) -> Document:
    """The services that these profiles have; without any, those of `docker compose up` alone."""
    named: Document = compose()["services"]
    return {name: each for name, each in named.items() if set(each.get("profiles", [])) == set(profiles)}


def directive(name: str) -> list[str]:
    """What `nginx.conf` gives a directive, as often as it stands there."""
    return re.findall(rf"^\s*{name}\s+([^;{{]+);", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE)
