"""Read `docker-compose.yml` and `nginx.conf`, the files of a deployment."""

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped] # its types are a separate package, and one call needs none

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "backend" / "deploy"
#: The mapping in a YAML file; Any: a value of YAML.
Document = dict[str, Any]


def load_yaml(path: Path) -> Document:
    """Load a YAML file that contains a mapping."""
    document = yaml.safe_load(path.read_text())
    assert isinstance(document, dict), path
    return document


def load_compose() -> Document:
    """Load `docker-compose.yml`."""
    return load_yaml(ROOT / "docker-compose.yml")


def services(*profiles: str) -> Document:
    """Return the services of exactly these profiles; without profiles, those that `docker compose up` starts."""
    all_services: Document = load_compose()["services"]
    return {
        name: service for name, service in all_services.items() if set(service.get("profiles", [])) == set(profiles)
    }


def directive_values(name: str) -> list[str]:
    """Return the values of a directive in `nginx.conf`, once per occurrence."""
    return re.findall(rf"^\s*{name}\s+([^;{{]+);", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE)
