"""The arguments of every command. Settings and options come from their tables; the rest is here.

Names with dashes are also accepted with underscores, as whisper's own command line writes them.
"""

import argparse
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from localwhisper import __version__
from localwhisper.commands.management_arguments import MODEL_SETTINGS, add_cluster, add_models, add_terms
from localwhisper.export.registry import EXPORTERS
from localwhisper.option_types import BOOLEANS, NONE, Option, SettableIn, parse_boolean
from localwhisper.options import LAYOUT_OPTIONS, OPTIONS
from localwhisper.settings import SETTINGS

# Every command accepts every setting; its --help shows those that matter to it.
ALL_SETTINGS = frozenset(setting.field for setting in SETTINGS)
TRANSCRIBE_SETTINGS = MODEL_SETTINGS | {"default_model", "quality", "max_audio_seconds", "token"}
WORKER_SETTINGS = MODEL_SETTINGS | {"scheduler", "cluster_certificates", "max_concurrent_jobs", "max_audio_seconds"}
DOCTOR_SETTINGS = MODEL_SETTINGS | {"default_model", "host", "port", "token"}

SETTING_FLAGS = frozenset(setting.flag for setting in SETTINGS)
# An option with the same name as a setting has that setting's flag.
TRANSCRIBE_OPTIONS = [
    option for option in OPTIONS.values() if SettableIn.CLI in option.settable_in and option.flag not in SETTING_FLAGS
]
SUBTITLE_OPTIONS = list(LAYOUT_OPTIONS.values())
BOOLEAN_FLAGS = frozenset(
    {
        *(option.flag for option in [*TRANSCRIBE_OPTIONS, *SUBTITLE_OPTIONS] if option.kind == "boolean"),
        "--verbose",
        "--fp16",
    }
)
VALUE_FLAGS = frozenset(
    option.flag for option in [*TRANSCRIBE_OPTIONS, *SUBTITLE_OPTIONS] if option.flag not in BOOLEAN_FLAGS
)
LIVE_FLAGS = ("--model", "--language", "--task", "--initial-prompt", "--multilingual")
# Whisper's options without an effect here, and what decides instead.
WITHOUT_EFFECT = {
    "--device": "a GPU is used where there is one that can",
    "--threads": "the number of threads follows the cores that are free",
    "--fp16": "--quality decides how numbers are rounded",
}
Formatter = partial(argparse.HelpFormatter, max_help_position=32)


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    return build_parser().parse_args(normalize(arguments))


def setting_flags(options: argparse.Namespace) -> dict[str, str | None]:
    """The settings given as flags, by field name; None for those not given."""
    return {setting.field: getattr(options, setting.field, None) for setting in SETTINGS}


def normalize(arguments: Sequence[str]) -> list[str]:
    """Replace underscores in flags by dashes, and join flags with their values where argparse wouldn't.

    Whisper's boolean flags need a value, as in --word_timestamps True. Here it may be left out, so the next argument
    is the value only if it is a boolean. A value may begin with a dash, as in --suppress_tokens -1,50.
    """
    normalized: list[str] = []
    index = 0
    while index < len(arguments):
        argument = arguments[index]
        if argument == "--":
            return [*normalized, *arguments[index:]]
        if argument.startswith("--"):
            name, equals, value = argument.partition("=")
            argument = name.replace("_", "-") + equals + value
        if argument in BOOLEAN_FLAGS:
            following = arguments[index + 1] if index + 1 < len(arguments) else ""
            has_value = following.lower() in {*BOOLEANS, NONE}
            argument += f"={following if has_value else 'true'}"
            index += has_value
        elif argument in VALUE_FLAGS and index + 1 < len(arguments):
            index += 1
            argument += f"={arguments[index]}"
        normalized.append(argument)
        index += 1
    return normalized


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="localwhisper",
        usage="localwhisper [OPTIONS] [COMMAND …]",
        allow_abbrev=False,
        description="Transcribe audio and video on this machine. Without a command: serve the page and the API.",
        epilog="Run localwhisper COMMAND --help for the options of a command.",
        formatter_class=Formatter,
    )
    parser.add_argument("--version", action="version", version=f"localwhisper {__version__}")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open the browser")
    parser.add_argument(
        "--test-services",
        action="store_true",
        help="first transcribe a bundled sample to test everything; serve only if that succeeds",
    )
    parser.add_argument(
        "--fetch-model",
        metavar="NAME",
        help="first download this model, unless it is here; auto: base, unless any other model than demo is here",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", prog="localwhisper")
    add = partial(_add_command, commands, "localwhisper")
    _add_transcribe(
        add("transcribe", "transcribe files or folders, here or on a running server", "FILE…", TRANSCRIBE_SETTINGS)
    )
    _add_watch(
        add(
            "watch",
            "transcribe new recordings in a folder and write subtitles next to them",
            "DIR",
            TRANSCRIBE_SETTINGS,
        )
    )
    add_models(add("models", "list, download, import or remove checkpoints", "ACTION …"), _add_command)
    add_terms(add("terms", "list, show, save or remove lists of names and terms", "ACTION …"), _add_command)
    _add_wyoming(add("wyoming", "speech to text for Home Assistant, by a running server", "", TRANSCRIBE_SETTINGS))
    _add_live(add("live", "write down what is said into a microphone, or sent to stdin", "[-]", TRANSCRIBE_SETTINGS))
    _add_worker(add("worker", "transcribe the jobs of another machine's server", "[ADDRESS]", WORKER_SETTINGS))
    add_cluster(add("cluster", "machines that transcribe together", "ACTION …"), _add_command)
    add("doctor", "check everything localwhisper needs and say how to fix problems", "", DOCTOR_SETTINGS)
    _add_open(
        add(
            "open",
            "send files to the running server, starting one if needed, and show its page",
            "[FILE…]",
            ALL_SETTINGS,
        )
    )
    service = add("service", "start localwhisper when you log in", "install|remove|status", ALL_SETTINGS)
    service.add_argument("action", choices=["install", "remove", "status"])
    desktop = add("desktop", "add 'Open with localwhisper' to the file manager", "install|remove")
    desktop.add_argument("action", choices=["install", "remove"])
    completion = add("completion", "print a completion script for a shell", "bash|zsh|fish")
    completion.epilog = 'For example, in ~/.bashrc: eval "$(localwhisper completion bash)"'
    completion.add_argument("shell", choices=["bash", "zsh", "fish"])
    _add_settings(parser, ALL_SETTINGS)
    return parser


def _add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    program: str,
    name: str,
    help: str,
    operands: str,
    shown_settings: Collection[str] = (),
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        usage=f"{program} {name} [OPTIONS] {operands}".rstrip(),
        help=help,
        description=f"{help[0].upper()}{help[1:]}.",
        allow_abbrev=False,
        formatter_class=Formatter,
    )
    _add_settings(parser, shown_settings)
    return parser


def _add_settings(parser: argparse.ArgumentParser, shown: Collection[str]) -> None:
    group = parser.add_argument_group("settings (each is also an environment variable)")
    for setting in SETTINGS:
        default = f"; default {setting.default}" if setting.default else ""
        help = f"{setting.help} [{setting.env}{default}]".replace("%", "%%")
        group.add_argument(
            setting.flag,
            dest=setting.field,
            metavar=setting.field.split("_")[-1].upper(),
            default=argparse.SUPPRESS,
            help=help if setting.field in shown else argparse.SUPPRESS,
        )


def _add_transcribe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="recordings, folders of recordings, or - for stdin")
    parser.add_argument(
        "-o", "--output-dir", default=".", metavar="DIR", help="folder for the transcripts; default: current folder"
    )
    parser.add_argument(
        "--jobs", type=_integer_from(1), default=1, metavar="N", help="recordings transcribed at once; default 1"
    )
    parser.add_argument("--overwrite", action="store_true", help="transcribe again what already has its transcripts")
    parser.add_argument(
        "--script",
        metavar="FILE",
        help="a text that you have of the recording, or its subtitles (SRT, WebVTT): it is written in place of what is "
        "heard, with the times at which its words are spoken",
    )
    _add_options(parser, default_format="all")


def _add_watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("--existing", action="store_true", help="also transcribe recordings that are already there")
    parser.add_argument(
        "--settle",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="a recording is complete once it hasn't changed for this long; default 2",
    )
    parser.add_argument("--once", action="store_true", help="exit when nothing is left to do")
    _add_options(parser, default_format="srt")


def _add_live(parser: argparse.ArgumentParser) -> None:
    stdin_help = "- for stdin: a WAV file, or samples: mono, 16 kHz, signed 16-bit little-endian"
    parser.add_argument("source", nargs="?", metavar="-", choices=["-"], help=stdin_help)
    parser.add_argument("--microphone", metavar="NAME", help="name or number of the microphone; default: the system's")
    _add_from_table(parser, [option for option in TRANSCRIBE_OPTIONS if option.flag in LIVE_FLAGS])


def _add_options(parser: argparse.ArgumentParser, default_format: str) -> None:
    """How recordings are transcribed and subtitles cut, with whisper's names."""
    parser.add_argument("--server", metavar="URL", help="transcribe on a running server, such as http://localhost:9000")
    parser.add_argument(
        "-f",
        "--format",
        "--output-format",
        dest="format",
        default=default_format,
        help=f"{', '.join(EXPORTERS)}, several separated by commas, "
        f"or all: txt, vtt, srt, tsv, json; default {default_format}",
    )
    _add_from_table(parser, TRANSCRIBE_OPTIONS)
    _add_from_table(parser, SUBTITLE_OPTIONS)
    _add_boolean(parser, "--verbose", "print the text to stdout; default True", default=True)
    _add_boolean(parser, "--fp16", argparse.SUPPRESS)
    for flag in sorted(WITHOUT_EFFECT.keys() - {"--fp16"}):
        parser.add_argument(flag, help=argparse.SUPPRESS)


def _add_from_table(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Only booleans and choices are checked here; the other values are read with those of the API."""
    for option in options:
        help = option.help.replace("%", "%%")
        if option.kind == "boolean":
            _add_boolean(parser, option.flag, help)
        else:
            metavar = None if option.choices else option.flag.split("-")[-1].upper()
            parser.add_argument(option.flag, choices=option.choices or None, metavar=metavar, help=help)


def _add_boolean(parser: argparse.ArgumentParser, flag: str, help: str, default: bool | None = None) -> None:
    parser.add_argument(flag, type=_boolean, default=default, metavar="[BOOL]", help=help)


def _boolean(text: str) -> bool:
    if text.lower() == NONE:
        return False
    try:
        return parse_boolean(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not True or False") from None


def _integer_from(minimum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdigit() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {minimum} up")
        return int(text)

    return parse


def _add_wyoming(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", metavar="URL", help="the running server; default: the one on this machine")
    parser.add_argument(
        "--listen", default="127.0.0.1:10300", metavar="HOST:PORT", help="where it listens; default 127.0.0.1:10300"
    )
    _add_from_table(parser, TRANSCRIBE_OPTIONS)


def _add_worker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address", nargs="?", metavar="ADDRESS", help="the scheduler, such as tls://10.0.0.5:8786; default: --scheduler"
    )
    parser.add_argument("--until-end-of-stdin", action="store_true", help=argparse.SUPPRESS)  # for cluster local


def _add_open(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--window", action="store_true", help="show the page in its own window, if a browser can")
    parser.add_argument(OPTIONS["model"].flag, help=OPTIONS["model"].help)
