"""Report in one line that the output of a command cannot be written, whatever the command is."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from typer.core import TyperGroup

from alcove.errors import AlcoveError


class OutputError(AlcoveError):
    """The output cannot be written; its reader has not closed it, which ends a command without a message."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"the output cannot be written: {error.strerror or error}")


class OneLineGroup(TyperGroup):
    """A command with subcommands that ends with one line and status 1 if its output cannot be written."""

    def main(self, *args: Any, **options: Any) -> Any:  # Any: as the base class has it
        """Run the command."""
        # A descriptor that is closed at the start has no stream at all.
        if sys.stdout is None:
            sys.stdout = io.TextIOWrapper(io.BufferedWriter(_ClosedOutput()), write_through=True)
        if sys.stderr is None:
            sys.stderr = io.TextIOWrapper(io.FileIO(os.devnull, "w"), write_through=True)
        try:
            return super().main(*args, **options)
        except OSError as error:
            if not _fails(sys.stdout):
                raise
            # The interpreter would write it at the end, and fail with a message of its own.
            sys.stdout = io.TextIOWrapper(io.FileIO(os.devnull, "w"))
            sys.exit(f"alcove: {OutputError(error)}")


@contextmanager
def errors_of_output() -> Iterator[None]:
    """Convert an error of the output to an OutputError, where errors of a connection are possible too.

    Raises:
        OutputError: The output cannot be written.
        BrokenPipeError: Its reader has closed it.

    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error) from None


def log_elsewhere() -> None:
    """Print on stderr what a server logs on stdout, if that was closed before the command began."""
    if isinstance(getattr(getattr(sys.stdout, "buffer", None), "raw", None), _ClosedOutput):
        sys.stdout = sys.stderr


class _ClosedOutput(io.RawIOBase):
    """An output that was closed before the command began: what is written to it fails."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise OSError(errno.EBADF, "it is closed")


def _fails(stream: TextIO) -> bool:
    """Return whether the stream cannot be written."""
    try:
        print(file=stream, flush=True)
    except OSError:
        return True
    return False
