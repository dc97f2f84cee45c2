"""The command line: flags → Settings → one command."""

import importlib
import os
import sys
from collections.abc import Sequence

from localwhisper.commands import arguments as flags
from localwhisper.errors import BadSetting, FileMissing, InvalidOption, LocalWhisperError
from localwhisper.settings import SETTINGS, load

ASKED_WRONGLY = (BadSetting, FileMissing, InvalidOption)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 it could not be done, 2 it was asked for wrongly, 130 interrupted."""
    options = flags.parse(sys.argv[1:] if arguments is None else arguments)
    try:
        settings = load({setting.field: getattr(options, setting.field, None) for setting in SETTINGS})
        # each command's module is imported only by it: serving must not wait for what transcribing needs
        command = importlib.import_module(f"localwhisper.commands.{options.command or 'serve'}")
        code: int = command.run(options, settings)
        return code
    except LocalWhisperError as error:
        print(f"localwhisper: {error}", file=sys.stderr)
        return 2 if isinstance(error, ASKED_WRONGLY) else 1
    except KeyboardInterrupt:
        print("localwhisper: interrupted; what was finished stays", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our text has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
