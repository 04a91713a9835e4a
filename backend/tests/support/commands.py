"""Run commands of `alcove` on a running server, as its operator does."""

import asyncio
import os
import subprocess
from pathlib import Path

from tests.support.credentials import SECRET
from tests.support.servers import ALCOVE


async def run_alcove(cwd: Path, *arguments: str) -> tuple[int, str, str]:
    """Run `alcove` with these arguments in the folder `cwd`; return the exit code, stdout and stderr."""
    result = await asyncio.to_thread(
        subprocess.run,
        [str(ALCOVE), *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "ALCOVE_SECRET": SECRET},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout, result.stderr
