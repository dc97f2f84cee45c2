"""Every command's arguments. Names with dashes are also taken with underscores, as whisper's own CLI has them."""

import argparse
from collections.abc import Callable, Collection, Sequence
from functools import partial

from localwhisper import __version__
from localwhisper.settings import SETTINGS

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
# the settings that a command's help shows; all are taken by all
EVERY = frozenset(setting.field for setting in SETTINGS)
LIBRARY = frozenset({"data_dir", "model_dir", "model_mirror"})
WORK = LIBRARY | {"default_model", "quality", "max_audio_seconds", "token"}
LOOK = LIBRARY | {"default_model", "host", "port", "token"}
Formatter = partial(argparse.HelpFormatter, max_help_position=32)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    return parser().parse_args(as_ours(arguments))


def as_ours(arguments: Sequence[str]) -> list[str]:
    """Underscores become dashes. A switch such as --word-timestamps may have a value behind it, as whisper's must; a
    file may not be one."""
    given: list[str] = []
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word == "--":
            return [*given, *arguments[at:]]
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            word = name.replace("_", "-") + equals + value
        if word in SWITCHES:
            following = arguments[at + 1] if at + 1 < len(arguments) else ""
            has_value = following.lower() in TRUE | FALSE
            word += f"={following if has_value else 'true'}"
            at += has_value
        given.append(word)
        at += 1
    return given


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="localwhisper",
        usage="localwhisper [OPTIONS] [COMMAND …]",
        allow_abbrev=False,
        description="Transcribe audio and video on this machine. Without a command: serve the page and the API.",
        epilog="localwhisper COMMAND --help says more of each.",
        formatter_class=Formatter,
    )
    top.add_argument("--version", action="version", version=f"localwhisper {__version__}")
    top.add_argument("--no-browser", dest="browser", action="store_false", help="do not open the browser")
    top.add_argument(
        "--test-services",
        action="store_true",
        help="first run everything once on a bundled sample; serve only if all is well",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands", prog="localwhisper")

    def command(name: str, help: str, operands: str, shown: Collection[str] = ()) -> argparse.ArgumentParser:
        return _added(commands, "localwhisper", name, help, operands, shown)

    _transcribe(command("transcribe", "transcribe files or folders, here or on a running server", "FILE…", WORK))
    _watch(command("watch", "transcribe each new recording in a folder, its subtitles beside it", "DIR", WORK))
    _models(command("models", "list, download, import or remove checkpoints", "ACTION …"))
    command("doctor", "check everything that localwhisper needs, and say what to do", "", LOOK)
    _open(command("open", "hand files to the running server, or start one, and show its page", "[FILE…]", EVERY))
    _service(command("service", "run localwhisper when you log in", "install|remove|status", EVERY))
    _desktop(command("desktop", "'Open with localwhisper' in the file manager", "install|remove"))
    completion = command("completion", "print a shell's completion", "bash|zsh|fish")
    completion.epilog = 'For instance in ~/.bashrc: eval "$(localwhisper completion bash)"'
    completion.add_argument("shell", choices=["bash", "zsh", "fish"])
    _settings(top, EVERY)
    return top


def _settings(command: argparse.ArgumentParser, shown: Collection[str]) -> None:
    """A flag for each setting."""
    group = command.add_argument_group("settings (each also as an environment variable)")
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


def _boolean(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise argparse.ArgumentTypeError(f"'{text}' is not True or False")
    return text.lower() in TRUE


def _whole(low: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdigit() or int(text) < low:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {low} up")
        return int(text)

    return whole


def _switch(command: argparse.ArgumentParser, flag: str, help: str, default: bool | None = None) -> None:
    command.add_argument(flag, type=_boolean, default=default, metavar="[BOOL]", help=help)


SWITCHES = frozenset({"--word-timestamps", "--highlight-words", "--vad-filter", "--verbose", "--fp16"})


def _transcribe(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", metavar="FILE", help="recordings, folders of recordings, or - for stdin")
    command.add_argument(
        "-o", "--output-dir", default=".", metavar="DIR", help="where to write the texts; by default here"
    )
    command.add_argument("--jobs", type=_whole(1), default=1, metavar="N", help="recordings at once; by default one")
    command.add_argument("--overwrite", action="store_true", help="also what has been transcribed before")
    _work(command, default_format="all")


def _watch(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR")
    command.add_argument("--existing", action="store_true", help="also what is there already, without its texts")
    command.add_argument(
        "--settle",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="a recording is complete when it hasn't changed for so long; by default 2",
    )
    command.add_argument("--once", action="store_true", help="end when nothing is left to do")
    _work(command, default_format="srt")


def _work(command: argparse.ArgumentParser, default_format: str) -> None:
    """How recordings are transcribed, by whisper's names."""
    command.add_argument(
        "--server", metavar="URL", help="let a running server do the work, such as http://localhost:9000"
    )
    command.add_argument("--model", help="checkpoint; by default DEFAULT_MODEL")
    command.add_argument("--language", help="a code or an English name; by default detected")
    command.add_argument("--task", choices=["transcribe", "translate"], help="translate: into English")
    command.add_argument(
        "-f",
        "--format",
        "--output-format",
        dest="format",
        default=default_format,
        help="txt, srt, vtt, tsv, json, csv, lrc, md, docx, zip, several separated by commas, "
        f"or all: txt, vtt, srt, tsv, json; by default {default_format}",
    )
    _switch(command, "--word-timestamps", "times for each word")
    command.add_argument("--initial-prompt", metavar="TEXT", help="names and terms to expect")
    command.add_argument("--temperature", metavar="T", help="one sampling temperature instead of whisper's ladder")
    command.add_argument("--beam-size", metavar="N", help="beams of the search; greedy without")
    _switch(command, "--vad-filter", "leave out silence and even noise")
    command.add_argument("--max-line-width", metavar="N", help="characters in a line (with --word-timestamps)")
    command.add_argument("--max-line-count", metavar="N", help="lines in a subtitle (with --max-line-width)")
    command.add_argument("--max-words-per-line", metavar="N", help="words in a subtitle (with --word-timestamps)")
    _switch(command, "--highlight-words", "underline each word as it is spoken (with --word-timestamps)")
    _switch(command, "--verbose", "print the text to stdout; by default True", default=True)
    _switch(command, "--fp16", argparse.SUPPRESS)  # whisper's; here the engine finds the best by itself


def _added(
    parsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
    program: str,
    name: str,
    help: str,
    operands: str,
    shown: Collection[str],
) -> argparse.ArgumentParser:
    """A command's parser; its help shows the settings `shown`."""
    made = parsers.add_parser(
        name,
        usage=f"{program} {name} [OPTIONS] {operands}".rstrip(),
        help=help,
        description=f"{help[0].upper()}{help[1:]}.",
        allow_abbrev=False,
        formatter_class=Formatter,
    )
    _settings(made, shown)
    return made


def _models(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, prog="localwhisper models"
    )

    def action(name: str, help: str, operand: str = "") -> argparse.ArgumentParser:
        return _added(actions, "localwhisper models", name, help, operand, LIBRARY)

    action("list", "which checkpoints exist, and which are here")
    download = action("download", "fetch a checkpoint; goes on where it broke off", "NAME")
    download.add_argument("name", metavar="NAME", help="one of `localwhisper models list`")
    from_file = action(
        "import", "take over a checkpoint of openai-whisper, or a Whisper folder of Hugging Face", "FILE"
    )
    from_file.add_argument("file", metavar="FILE", help="a .pt file, or a folder that has config.json")
    from_file.add_argument("--name", metavar="NAME", help="what to call it; by default the file's name")
    remove = action("remove", "delete a checkpoint from this machine", "NAME")
    remove.add_argument("name", metavar="NAME", help="one of `localwhisper models list`")


def _open(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="*", metavar="FILE")
    command.add_argument("--window", action="store_true", help="in a window of its own, where a browser offers that")
    command.add_argument("--model", help="checkpoint; by default the server's")


def _service(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=["install", "remove", "status"])


def _desktop(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=["install", "remove"])
