"""localwhisper completion bash|zsh|fish: what the shell's start file is to evaluate."""

import argparse

import shtab

from localwhisper.commands.arguments import parser
from localwhisper.settings import Settings


def run(options: argparse.Namespace, settings: Settings) -> int:
    print(shtab.complete(_with_names(parser()), shell=options.shell))
    return 0


def _with_names(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What takes a file or a folder is completed with the names of such."""
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _with_names(inner)
        elif action.metavar == "FILE" or action.dest == "file":
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIR" or action.dest in ("data_dir", "model_dir"):
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return command
