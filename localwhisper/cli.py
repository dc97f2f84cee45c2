"""The command line: flags → Settings → one command."""

import argparse
import sys
from collections.abc import Sequence

from localwhisper import __version__
from localwhisper.errors import BadSetting, LocalWhisperError
from localwhisper.settings import SETTINGS, Settings, load


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 it could not be done, 2 it was asked for wrongly."""
    options = parser().parse_args(arguments)
    try:
        settings = load({setting.field: getattr(options, setting.field, None) for setting in SETTINGS})
        return _run(options, settings)
    except BadSetting as error:
        print(f"localwhisper: {error}", file=sys.stderr)
        return 2
    except LocalWhisperError as error:
        print(f"localwhisper: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace, settings: Settings) -> int:
    # each command's module is imported only by it: serving must not wait for what transcribing needs
    if options.command == "transcribe":
        from localwhisper.commands import transcribe

        return transcribe.run(options, settings)
    if options.command == "models":
        from localwhisper.commands import models

        return models.run(options, settings)
    from localwhisper.commands import serve

    return serve.run(settings, test_services=options.test_services, open_browser=options.browser)


def parser() -> argparse.ArgumentParser:
    shared = _settings_flags()
    top = argparse.ArgumentParser(
        prog="localwhisper", parents=[shared], allow_abbrev=False,
        description="Transcribe audio and video on this machine. Without a command: serve the page and the API.",
    )  # fmt: skip
    top.add_argument("--version", action="version", version=f"localwhisper {__version__}")
    top.add_argument("--no-browser", dest="browser", action="store_false", help="do not open the browser")
    top.add_argument(
        "--test-services", action="store_true",
        help="first run everything once on a bundled sample; serve only if all is well",
    )  # fmt: skip
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    _transcribe(commands.add_parser("transcribe", parents=[shared], help="transcribe files without a server"))
    _models(commands.add_parser("models", parents=[shared], help="list, download, import or remove checkpoints"))
    return top


def _settings_flags() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    group = shared.add_argument_group("settings (each also as an environment variable)")
    for setting in SETTINGS:
        default = f"; default {setting.default}" if setting.default else ""
        group.add_argument(
            setting.flag, dest=setting.field, metavar="VALUE", default=argparse.SUPPRESS,
            help=f"{setting.help} [{setting.env}{default}]".replace("%", "%%"),
        )  # fmt: skip
    return shared


def _transcribe(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", metavar="FILE")
    command.add_argument("--model", help="checkpoint; by default DEFAULT_MODEL")
    command.add_argument("--language", default="auto", help="a code or an English name; by default detected")
    command.add_argument("--task", choices=["transcribe", "translate"], default="transcribe")
    command.add_argument("--format", default="txt", help="txt, srt, vtt, tsv, json; several separated by commas")
    command.add_argument("--output-dir", default=".", help="where the texts are written; by default here")
    command.add_argument("--word-timestamps", action="store_true", help="times for each word (in json)")
    command.add_argument("--initial-prompt", default="", help="names and terms to expect")


def _models(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="which checkpoints exist, and which are here")
    actions.add_parser("download", help="fetch a checkpoint").add_argument("name")
    from_file = actions.add_parser("import", help="take over a checkpoint file of openai-whisper")
    from_file.add_argument("file")
    from_file.add_argument("--name", help="what to call it; by default the file's name")
    actions.add_parser("remove", help="delete a checkpoint from this machine").add_argument("name")
