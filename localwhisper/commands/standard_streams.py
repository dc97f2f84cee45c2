"""stdout and stderr of the program: closed ones are replaced, and a full disk is an error with words."""

import io
import os
import sys
from typing import IO, TYPE_CHECKING, TextIO, cast

from localwhisper.errors import OutputUnwritable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def open_standard_streams() -> None:
    """Replace standard streams that the caller closed (as with 2>&-), and print what a terminal can't show as "?".

    Otherwise the next file that is opened would get the descriptor 2, and every library that writes there would write
    to that file.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, this one
    sys.stdout = _with_file(sys.stdout or open(os.devnull, "w"), _Stdout)  # noqa: SIM115  # open until the end
    sys.stderr = _with_file(sys.stderr or open(os.devnull, "w"), _Stderr)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace" if stream is sys.stderr else "replace")


def say(text: str) -> None:
    """Print a line without which a server does its work as well."""
    try:
        print(text, flush=True)
    except (BrokenPipeError, OutputUnwritable):
        discard_stdout()


def discard_stdout() -> None:
    """Let what is left of the output go nowhere, since it can't be written."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


class _Stdout(io.FileIO):
    def write(self, data: "ReadableBuffer", /) -> int:
        """Raises OutputUnwritable, or BrokenPipeError if the reader has ended, such as head."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputUnwritable(reason=error.strerror or str(error)) from error


class _Stderr(io.FileIO):
    def write(self, data: "ReadableBuffer", /) -> int:
        """What can't be written is lost: nobody could be told, and the work goes on."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _with_file(stream: TextIO, file_class: type[io.FileIO]) -> TextIO:
    """The stream with a file of this class; a Windows console, and what a test puts in place, stay as they are."""
    buffer = getattr(stream, "buffer", None)
    file = getattr(buffer, "raw", buffer)  # PYTHONUNBUFFERED: there is no buffer
    if not isinstance(stream, io.TextIOWrapper) or type(file) is not io.FileIO or file.fileno() not in (1, 2):
        return stream
    file = file_class(file.fileno(), "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(file) if isinstance(buffer, io.BufferedWriter) else cast("IO[bytes]", file),
        encoding=stream.encoding,
        newline="\n",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
