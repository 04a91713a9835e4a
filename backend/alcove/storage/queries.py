"""Load an engine's SQL: named queries from `queries.sql`, and the numbered steps of its schema."""

import re
from pathlib import Path

_HEADER = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def load_queries(path: Path) -> dict[str, str]:
    """Load the queries of a file, by name. Each query follows a line `-- name --`."""
    _, *parts = _HEADER.split(path.read_text(encoding="utf-8"))
    return {name: query.strip() for name, query in zip(parts[::2], parts[1::2], strict=True)}


def schema_files(folder: Path) -> list[str]:
    """Load the SQL of the schema steps `001.sql`, `002.sql` … in order; the first n make version n."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("[0-9][0-9][0-9].sql"))]
