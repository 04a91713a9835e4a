"""Check the file `.env`, which the settings are read from in addition to the environment."""

from contextlib import suppress
from pathlib import Path

#: Read from the folder where the server starts.
ENV_FILE = ".env"


def check_env_file() -> None:
    """Check that the file `.env` can be read as text, if there is one. Raises OSError or UnicodeDecodeError.

    The settings library silently skips a path that is not a file, and reads UTF-16 as names that match nothing.
    """
    with suppress(FileNotFoundError):
        text = Path(ENV_FILE).read_bytes()
        text.decode("utf-8-sig")
        if b"\0" in text:
            raise UnicodeDecodeError("utf-8", text, 0, 1, "NUL")
