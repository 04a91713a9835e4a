"""Check that the file `.env`, which adds settings to those of the environment, can be read."""

from contextlib import suppress

from alcove.regular_files import open_regular

#: The file with settings, in the folder where the command starts.
ENV_FILE = ".env"


def check_env_file() -> None:
    """Check that the file `.env` is readable UTF-8 text; do nothing if there is none.

    The settings library silently skips a path that is not a file. It reads UTF-16 as names that match no setting.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: The file is not UTF-8, or contains NUL.

    """
    with suppress(FileNotFoundError):
        with open_regular(ENV_FILE) as file:
            text = file.read()
        text.decode("utf-8-sig")
        if b"\0" in text:
            raise UnicodeDecodeError("utf-8", text, 0, 1, "NUL")
