"""The entry point of the command line: reads the arguments and settings, and runs one command."""

import importlib
import sys
from collections.abc import Sequence

from localwhisper.commands.arguments import parse_arguments, setting_flags
from localwhisper.commands.standard_streams import discard_stdout, open_standard_streams
from localwhisper.errors import BadSetting, FileMissing, InvalidOption, LocalWhisperError, OutputUnwritable
from localwhisper.native_libraries import limit_malloc_arenas
from localwhisper.settings import load

USAGE_ERRORS = (BadSetting, FileMissing, InvalidOption)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 success, 1 failure, 2 wrong usage, 130 interrupted."""
    open_standard_streams()
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()
    except LocalWhisperError as error:
        print(f"localwhisper: {error}", file=sys.stderr)
        if isinstance(error, OutputUnwritable):
            discard_stdout()
        return 2 if isinstance(error, USAGE_ERRORS) else 1
    except KeyboardInterrupt:
        print("localwhisper: interrupted; finished work is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of stdout, such as head, has ended
        discard_stdout()
        return 0


def _run(arguments: Sequence[str]) -> int:
    """Raises LocalWhisperError, KeyboardInterrupt, BrokenPipeError, and SystemExit after --help and wrong usage."""
    limit_malloc_arenas()
    options = parse_arguments(arguments)
    settings = load(setting_flags(options))
    # only the module of the chosen command is imported, since each import makes the start slower
    command = importlib.import_module(f"localwhisper.commands.{options.command or 'serve'}")
    code: int = command.run(options, settings)
    return code
