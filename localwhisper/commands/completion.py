"""localwhisper completion bash|zsh|fish: print a completion script for the shell to evaluate."""

import argparse

import shtab

from localwhisper.commands.arguments import build_parser
from localwhisper.settings import Settings


def run(options: argparse.Namespace, settings: Settings) -> int:
    print(shtab.complete(_with_file_completion(build_parser()), shell=options.shell))
    return 0


def _with_file_completion(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Complete arguments that are files or folders with the names of files or folders."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                _with_file_completion(command)
        elif action.metavar == "FILE" or action.dest == "file":
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIR" or action.dest in ("data_dir", "model_dir"):
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return parser
