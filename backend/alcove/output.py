"""Report in one line that the output of a command cannot be written."""

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
    """The output cannot be written, and the reason is not that its reader has closed it."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"the output cannot be written: {error.strerror or error}")


class OneLineGroup(TyperGroup):
    """A command with subcommands. If its output cannot be written, it prints one line and exits with status 1."""

    def main(self, *args: Any, **options: Any) -> Any:  # Any: as the base class has it
        """Run the command; exit with status 1 if its output cannot be written (click)."""
        # Python sets a stream to None if its descriptor is closed at the start.
        if sys.stdout is None:
            sys.stdout = io.TextIOWrapper(io.BufferedWriter(_ClosedOutput()), write_through=True)
        if sys.stderr is None:
            sys.stderr = io.TextIOWrapper(io.FileIO(os.devnull, "w"), write_through=True)
        try:
            return super().main(*args, **options)
        except OSError as error:
            if not _fails_to_write(sys.stdout):
                raise
            # Without this, the interpreter would write the buffered output at its exit, and fail with another message.
            sys.stdout = io.TextIOWrapper(io.FileIO(os.devnull, "w"))
            sys.exit(f"alcove: {OutputError(error)}")


@contextmanager
def convert_output_errors() -> Iterator[None]:
    """Convert errors of the output in the block to OutputError, to tell them from errors of a connection.

    Raises:
        OutputError: The output cannot be written.
        BrokenPipeError: The reader of the output has closed it.

    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(error) from None


def redirect_closed_stdout() -> None:
    """Replace stdout by stderr if stdout was closed before the command began, so that a server can log."""
    if isinstance(getattr(getattr(sys.stdout, "buffer", None), "raw", None), _ClosedOutput):
        sys.stdout = sys.stderr


class _ClosedOutput(io.RawIOBase):
    """An output that was closed before the command began, so that every write fails."""

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise OSError(errno.EBADF, "it is closed")


def _fails_to_write(stream: TextIO) -> bool:
    """Write an empty line to the stream, and return whether that fails."""
    try:
        print(file=stream, flush=True)
    except OSError:
        return True
    return False
