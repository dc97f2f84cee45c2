"""How exported files are laid out, a part of the option table in options.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from localwhisper.option_types import row, table

WITHOUT_WORDS = ("paragraphs", "bom", "speaker_names")  # the options that need no word timestamps
Subtitles = Literal["whisper", "standard", "netflix", "youtube", "word"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How subtitles are cut, with openai-whisper's names, and documents divided.

    Everything here but WITHOUT_WORDS needs word timestamps.

    As whisper cuts them, a subtitle may span several segments if both max_line_width and max_line_count are given. With
    another preset these replace the preset's own, which is in export/subtitle_limits.py.
    """

    subtitles: Subtitles = field(
        default="whisper",
        metadata=row(
            help="how subtitles are cut: whisper: by its segments; standard: for reading, at most two lines of 42 "
            "characters, 1 to 7 s, 20 characters per second; netflix: alike, with its limits for each script; youtube: "
            "lines of 32 characters; word: one word at a time (all but whisper need word times)",
            label=("Subtitles", "Subtítulos"),
            choice_labels={
                "whisper": ("As whisper: one for each segment", "Como whisper: uno por segmento"),
                "standard": ("For reading: two lines of 42 characters", "Para leer: dos líneas de 42 caracteres"),
                "netflix": ("Netflix-like", "Como los de Netflix"),
                "youtube": ("YouTube: shorter lines", "YouTube: líneas más cortas"),
                "word": ("One word at a time", "Palabra por palabra"),
            },
        ),
    )
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
    paragraphs: bool = field(
        default=False,
        metadata=row(
            help="put the text of txt, md, html and docx in paragraphs, by pauses, sentences and speakers, instead of "
            "a line for each of whisper's segments",
            label=("In paragraphs", "En párrafos"),
        ),
    )
    bom: bool = field(
        default=False,
        metadata=row(help="begin text files with a byte order mark, which some players on Windows need"),
    )

    speaker_names: bool = field(
        default=True,
        metadata=row(help="name each speaker in every format; false: as if nobody had asked who speaks"),
    )

    @property
    def needs_words(self) -> bool:
        """Whether anything here takes word timestamps."""
        return self != self.without_words()

    def without_words(self) -> "Layout":
        """Only what takes no word timestamps."""
        return Layout(**{name: getattr(self, name) for name in WITHOUT_WORDS})


LAYOUT_OPTIONS = table(Layout)


def layout_from_texts(texts: Mapping[str, str]) -> Layout:
    """Read the layout options among other query parameters. Raises InvalidOption."""
    return Layout(**{name: option.from_text(texts[name]) for name, option in LAYOUT_OPTIONS.items() if name in texts})
