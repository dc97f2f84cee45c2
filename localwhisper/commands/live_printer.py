"""Live text on a terminal: finished utterances on stdout, one a line; below them what is being said."""

import shutil
import sys
import unicodedata

from localwhisper.jobs.live import LiveText

CLEAR_LINE, DIM, NORMAL = "\r\x1b[K", "\x1b[2m", "\x1b[0m"


class LivePrinter:
    """The last line is written to stderr if that is a terminal, so that stdout has nothing but final text."""

    def __init__(self) -> None:
        self._has_line = sys.stderr.isatty()

    def show(self, text: LiveText) -> None:
        if text.segments:
            self._write_line("")
            for segment in text.segments:
                print(segment.text.strip(), flush=True)
        stable = "".join(word.word for word in text.stable).strip()
        self._write_line(stable, " ".join(word.word.strip() for word in text.tentative))

    def status(self, text: str) -> None:
        """Show what is being waited for."""
        self._write_line("", text)

    def close(self) -> None:
        self._write_line("")

    def _write_line(self, text: str, dim: str = "") -> None:
        if not self._has_line:
            return
        width = shutil.get_terminal_size().columns - 1
        dim = last_columns(dim, width)
        text = last_columns(text, width - n_columns(dim) - 1)
        sys.stderr.write(
            f"{CLEAR_LINE}{text}{' ' if text and dim else ''}{DIM}{dim}{NORMAL}" if text or dim else CLEAR_LINE
        )
        sys.stderr.flush()


def n_columns(text: str) -> int:
    """How wide a terminal shows a text: characters of East Asian scripts take two columns."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)


def last_columns(text: str, width: int) -> str:
    """The end of a text that is wider than this."""
    while n_columns(text) > max(width, 0):
        text = text[1:]
    return text
