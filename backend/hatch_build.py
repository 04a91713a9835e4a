"""Put the built page into the wheel and the source distribution (hatchling runs this)."""

from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Where `make build` writes the page, and where a distribution has it.
BUILT, INSIDE = Path("frontend/app/dist"), "alcove/page"


class PageHook(BuildHookInterface[BuilderConfig]):
    """Includes the page; an editable install takes it from where it is built."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the page to what is built. Raises FileNotFoundError if there is none.

        Args:
            version: `editable` or `standard`.
            build_data: Of hatchling; `force_include` has sources and their places.

        """
        here = Path(self.root)
        if version == "editable" or (here / INSIDE).is_dir():  # the latter in an unpacked source distribution
            return
        built = here.parent / BUILT
        if not (built / "index.html").is_file():
            raise FileNotFoundError(f"{built} has no page: run `make build`, or `make dist` for everything")
        build_data["force_include"][str(built)] = INSIDE
