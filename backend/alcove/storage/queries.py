"""Named queries: one `.sql` file an engine, each query under a `-- name --` line."""

import re
from pathlib import Path

_HEADER = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def load_queries(path: Path) -> dict[str, str]:
    """The queries of a file, by name."""
    _, *parts = _HEADER.split(path.read_text(encoding="utf-8"))
    return {name: query.strip() for name, query in zip(parts[::2], parts[1::2], strict=True)}


def schema_files(folder: Path) -> list[str]:
    """The schema's steps in order, from `001.sql` on; a database at version n has taken the first n."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("[0-9][0-9][0-9].sql"))]
