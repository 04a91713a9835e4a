"""Open the files that settings name; refuse pipes and devices, because reading from them could block the start."""

import os
import stat
from errno import EINVAL, EISDIR
from io import BufferedReader
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

#: The parameters in the address of a database or bus whose values are paths of files.
_FILE_PARAMETERS = (
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslcrl",
    "passfile",
    "ssl_ca_certs",
    "ssl_certfile",
    "ssl_keyfile",
)


def open_regular(path: str | Path) -> BufferedReader:
    """Open a regular file to read its bytes.

    Raises:
        OSError: The file cannot be opened, or is not a regular file.

    """
    # Opening a pipe waits for its writer, unless it is opened without blocking.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        raise OSError(EINVAL, f"expected a regular file, got {_kind(mode)}")
    return os.fdopen(descriptor, "rb")


def check_regular(path: str) -> None:
    """Check that the file at `path`, if there is one, is not a pipe, socket or device. Raises ValueError if it is."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return  # the code that opens the file reports the error
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise ValueError(f"expected a regular file, got {_kind(mode)}")


def check_url_files(url: str) -> None:
    """Check the files that the parameters of an address name. Raises ValueError if one is a pipe, socket or device."""
    for name, value in parse_qsl(urlsplit(url).query):
        if name in _FILE_PARAMETERS:
            check_regular(value)


def _kind(mode: int) -> str:
    """Name the kind of special file that a mode describes."""
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"
