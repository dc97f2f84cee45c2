"""Every command's arguments. Names with dashes are also taken with underscores, as whisper's own CLI has them."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from localwhisper import __version__
from localwhisper.settings import SETTINGS

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    return parser().parse_args(with_values(arguments))


def with_values(arguments: Sequence[str]) -> list[str]:
    """A switch such as --word-timestamps may have a value behind it, as whisper's must; a file may not be one."""
    given: list[str] = []
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word == "--":
            return [*given, *arguments[at:]]
        if word.replace("_", "-") in SWITCHES:
            following = arguments[at + 1] if at + 1 < len(arguments) else ""
            has_value = following.lower() in TRUE | FALSE
            word += f"={following if has_value else 'true'}"
            at += has_value
        given.append(word)
        at += 1
    return given


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

    def command(name: str, help: str) -> argparse.ArgumentParser:
        about = f"{help[0].upper()}{help[1:]}."
        return commands.add_parser(name, parents=[shared], help=help, description=about, allow_abbrev=False)

    _transcribe(command("transcribe", "transcribe files, or all in a folder, here or on a running server"))
    _watch(command("watch", "transcribe each new recording in a folder, its subtitles beside it"))
    _models(command("models", "list, download, import or remove checkpoints"), shared)
    command("doctor", "check everything that localwhisper needs, and say what to do")
    _open(command("open", "hand files to the running server, or start one, and show its page"))
    _service(command("service", "run localwhisper when you log in"))
    _desktop(command("desktop", "'Open with localwhisper' in the file manager"))
    completion = command("completion", 'print the completion for a shell: eval "$(localwhisper completion bash)"')
    completion.add_argument("shell", choices=["bash", "zsh", "fish"])
    return top


def _settings_flags() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    group = shared.add_argument_group("settings (each also as an environment variable)")
    for setting in SETTINGS:
        default = f"; default {setting.default}" if setting.default else ""
        group.add_argument(
            *_spellings(setting.flag), dest=setting.field, metavar="VALUE", default=argparse.SUPPRESS,
            help=f"{setting.help} [{setting.env}{default}]".replace("%", "%%"),
        )  # fmt: skip
    return shared


def _spellings(flag: str) -> tuple[str, ...]:
    dashes = f"--{flag.lstrip('-').replace('_', '-')}"
    underscores = f"--{flag.lstrip('-').replace('-', '_')}"
    return (dashes,) if dashes == underscores else (dashes, underscores)


def _add(command: argparse.ArgumentParser, flag: str, help: str, *short: str, **more: Any) -> None:
    command.add_argument(*short, *_spellings(flag), help=help, **more)


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
    _add(command, flag, help, type=_boolean, default=default, metavar="BOOL")


SWITCHES = frozenset({"--word-timestamps", "--highlight-words", "--vad-filter", "--verbose", "--fp16"})


def _transcribe(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", metavar="FILE", help="recordings, folders of recordings, or - for stdin")
    _add(command, "--output-dir", "where the texts are written; by default here", "-o", default=".", metavar="DIR")
    command.add_argument("--jobs", type=_whole(1), default=1, metavar="N", help="recordings at once; by default one")
    command.add_argument("--overwrite", action="store_true", help="also what has been transcribed before")
    _work(command, default_format="all")


def _watch(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR")
    command.add_argument("--existing", action="store_true", help="also what is there already, without its texts")
    command.add_argument("--settle", type=float, default=2.0, metavar="SECONDS",
                         help="a recording is complete when it hasn't changed for so long; by default 2")  # fmt: skip
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
        "-f", "--format", "--output-format", "--output_format", dest="format", default=default_format,
        help="txt, srt, vtt, tsv, json, csv, lrc, md, docx, zip, several separated by commas, "
        f"or all: txt, vtt, srt, tsv, json; by default {default_format}",
    )  # fmt: skip
    _switch(command, "--word-timestamps", "times for each word")
    _add(command, "--initial-prompt", "names and terms to expect", metavar="TEXT")
    command.add_argument("--temperature", metavar="T", help="one sampling temperature instead of whisper's ladder")
    _add(command, "--beam-size", "beams of the search; greedy without", metavar="N")
    _switch(command, "--vad-filter", "leave out silence and even noise")
    _add(command, "--max-line-width", "characters in a line of subtitles (with --word-timestamps)", metavar="N")
    _add(command, "--max-line-count", "lines in a subtitle (with --max-line-width)", metavar="N")
    _add(command, "--max-words-per-line", "words in a subtitle (with --word-timestamps)", metavar="N")
    _switch(command, "--highlight-words", "underline each word as it is spoken (with --word-timestamps)")
    _switch(command, "--verbose", "print the text to stdout; by default True", default=True)
    _switch(command, "--fp16", argparse.SUPPRESS)  # whisper's; here the engine finds the best by itself


def _models(command: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, help: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, parents=[shared], help=help, allow_abbrev=False)

    action("list", "which checkpoints exist, and which are here")
    action("download", "fetch a checkpoint; goes on where it broke off").add_argument("name")
    from_file = action("import", "take over a checkpoint file of openai-whisper, or a Whisper folder of Hugging Face")
    from_file.add_argument("file", help="a .pt file, or a folder with config.json and model.safetensors")
    from_file.add_argument("--name", help="what to call it; by default the file's name")
    action("remove", "delete a checkpoint from this machine").add_argument("name")


def _open(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="*", metavar="FILE")
    command.add_argument("--window", action="store_true", help="in a window of its own, where a browser offers that")
    command.add_argument("--model", help="checkpoint; by default the server's")


def _service(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=["install", "remove", "status"])


def _desktop(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=["install", "remove"])
