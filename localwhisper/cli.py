"""The entry point of the command line: reads the arguments and settings, and runs one command."""

import importlib
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from localwhisper.commands.arguments import parse_arguments, setting_flags
from localwhisper.errors import BadSetting, FileMissing, InvalidOption, LocalWhisperError
from localwhisper.settings import load

USAGE_ERRORS = (BadSetting, FileMissing, InvalidOption)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 success, 1 failure, 2 wrong usage, 130 interrupted."""
    _open_standard_streams()
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    try:
        settings = load(setting_flags(options))
        # only the module of the chosen command is imported, since each import makes the start slower
        command = importlib.import_module(f"localwhisper.commands.{options.command or 'serve'}")
        code: int = command.run(options, settings)
        return code
    except LocalWhisperError as error:
        print(f"localwhisper: {error}", file=sys.stderr)
        return 2 if isinstance(error, USAGE_ERRORS) else 1
    except KeyboardInterrupt:
        print("localwhisper: interrupted; finished work is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of stdout, such as head, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _open_standard_streams() -> None:
    """Replace standard streams that the caller closed (as with 2>&-), and print what a terminal can't show as "?".

    Otherwise the next file that is opened would get the descriptor 2, and every library that writes there would write
    to that file.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, this one
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  # open until the end
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace" if stream is sys.stderr else "replace")
