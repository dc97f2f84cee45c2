"""The options of subtitles, a part of the option table in options.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from localwhisper.option_types import row, table


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How subtitles are cut, with openai-whisper's names. Everything here but `bom` needs word timestamps.

    If both max_line_width and max_line_count are given, a subtitle may span several segments.
    """

    max_line_width: int | None = field(
        default=None,
        metadata=row(
            help="characters per line of subtitles (needs word times)",
            whisper="max_line_width",
            minimum=1,
            maximum=1000,
        ),
    )
    max_line_count: int | None = field(
        default=None,
        metadata=row(
            help="lines per subtitle (needs word times and max_line_width)",
            whisper="max_line_count",
            minimum=1,
            maximum=1000,
        ),
    )
    max_words_per_line: int | None = field(
        default=None,
        metadata=row(
            help="words per subtitle (needs word times)", whisper="max_words_per_line", minimum=1, maximum=1000
        ),
    )
    highlight_words: bool = field(
        default=False,
        metadata=row(help="underline each word as it is spoken (needs word times)", whisper="highlight_words"),
    )
    bom: bool = field(
        default=False,
        metadata=row(help="begin text files with a byte order mark, which some players on Windows need"),
    )

    @property
    def needs_words(self) -> bool:
        """Whether anything here takes word timestamps."""
        return replace(self, bom=False) != Layout()


LAYOUT_OPTIONS = table(Layout)


def layout_from_texts(texts: Mapping[str, str]) -> Layout:
    """Read the layout options among other query parameters. Raises InvalidOption."""
    return Layout(**{name: option.from_text(texts[name]) for name, option in LAYOUT_OPTIONS.items() if name in texts})
