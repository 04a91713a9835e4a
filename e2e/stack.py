"""Start Alcove with its page for a browser: as it is deployed, or as it is developed."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.ports import free_port
from tests.support.servers import Server, start_alcove, start_fastapi_dev, without_problems

ROOT = Path(__file__).parents[1]


@contextmanager
def serve_deployed(folder: Path, *, port: int = 0, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Start `alcove serve` with the built page and these settings; its data are in `folder`."""
    with without_problems(start_alcove(cwd=folder, port=port, env=env)) as server:
        yield server


@contextmanager
def serve_development(folder: Path) -> Iterator[tuple[Server, Server]]:
    """Start `fastapi dev` in backend/ and `npm run dev` in frontend/, as in two shells."""
    env = {"ALCOVE_DATABASE_URL": f"sqlite:///{folder / 'alcove.db'}"}
    with (
        (ROOT / "frontend/package.json").open() as lock,
        without_problems(start_fastapi_dev(ROOT / "backend", env=env)) as backend,
    ):
        # Development servers share one cache of libraries. One that renews it breaks the page of another test process.
        fcntl.flock(lock, fcntl.LOCK_EX)
        vite = Server(
            ["npm", "run", "dev", "--", "--port", str(free_port()), "--strictPort"],
            cwd=ROOT / "frontend",
            ready=r"Local:\s+http://127\.0\.0\.1:(?P<port>\d+)/",
            env={"ALCOVE_BACKEND": backend.url},
        )
        try:
            yield backend, vite
        finally:
            vite.end()
