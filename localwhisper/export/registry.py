"""The table of export formats: the media type, extension and writer of each name.

In every format but JSON, which holds whisper's own figures, nothing ends after the recording.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from localwhisper.export import (
    ass,
    audacity,
    csv_,
    docx_,
    eaf,
    html_,
    json_,
    lrc,
    md,
    rttm,
    srt,
    textgrid,
    tsv,
    ttml,
    txt,
    vtt,
)
from localwhisper.export.about import UNKNOWN, About
from localwhisper.export.archive import zip_archive
from localwhisper.export.voices import with_names, without_names
from localwhisper.jobs.transcript import Segment, Transcript, Word
from localwhisper.options import Layout
from localwhisper.unicode_text import to_utf8

DEFAULT_LAYOUT = Layout()  # openai-whisper's
Part = TypeVar("Part", Segment, Word)


@dataclass(frozen=True)
class Exporter:
    """A file format. `render` is pure; its text has the line endings of the file."""

    media_type: str
    extension: str  # without the dot
    render: Callable[[Transcript, Layout, About], str | bytes]
    has_cues: bool = False  # cut as the layout says

    @property
    def content_type(self) -> str:
        return f"{self.media_type}; charset=utf-8" if self.media_type not in BINARY else self.media_type

    def to_text(self, transcript: Transcript, layout: Layout = DEFAULT_LAYOUT, about: About = UNKNOWN) -> str:
        """Return the file's content; for text formats only."""
        text = self._rendered(transcript, layout, about)
        assert isinstance(text, str)
        return text

    def to_bytes(self, transcript: Transcript, layout: Layout = DEFAULT_LAYOUT, about: About = UNKNOWN) -> bytes:
        """Return the file's content. A text begins with a byte order mark if the layout says so."""
        content = self._rendered(transcript, layout, about)
        if isinstance(content, bytes):
            return content
        return to_utf8(("\ufeff" if layout.bom else "") + content)

    def _rendered(self, transcript: Transcript, layout: Layout, about: About) -> str | bytes:
        if about.duration_s is not None and self.extension not in ("json", "zip"):
            transcript = ending_with(transcript, about.duration_s)
        if not layout.speaker_names:
            transcript = without_names(transcript)
        if self.extension not in ("json", "zip"):
            transcript = with_names(transcript, about)
        if transcript.speakers:
            layout = replace(layout, paragraphs=True)  # a dialogue
        return self.render(transcript, layout, about)


def ending_with(transcript: Transcript, duration_s: float) -> Transcript:
    """The transcript without what whisper times after the recording's end: a window is always 30 s to the model.

    Unchanged if anything begins after the end: then the duration, which containers may state wrongly, is wrong.
    """
    if any(segment.start >= duration_s for segment in transcript.segments):
        return transcript

    def cut(part: Part) -> Part:
        return replace(part, start=min(part.start, duration_s), end=min(part.end, duration_s))

    segments = (
        replace(cut(segment), words=None if segment.words is None else tuple(map(cut, segment.words)))
        for segment in transcript.segments
    )
    return replace(transcript, segments=tuple(segments))


def _zip(transcript: Transcript, layout: Layout, about: About) -> bytes:
    """A ZIP archive with one file in each of the other formats, named after the recording."""
    files = (
        (about.title, exporter.extension, exporter.to_bytes(transcript, layout, about))
        for format, exporter in EXPORTERS.items()
        if format != "zip"
    )
    return zip_archive(files, about.created_at)


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BINARY = frozenset({DOCX, "application/zip"})
EXPORTERS: Mapping[str, Exporter] = {
    "txt": Exporter("text/plain", "txt", txt.write),
    "srt": Exporter("application/x-subrip", "srt", srt.write, has_cues=True),
    "vtt": Exporter("text/vtt", "vtt", vtt.write, has_cues=True),
    "tsv": Exporter("text/tab-separated-values", "tsv", tsv.write),
    "json": Exporter("application/json", "json", json_.write),
    "csv": Exporter("text/csv", "csv", csv_.write),
    "lrc": Exporter("text/plain", "lrc", lrc.write),
    "md": Exporter("text/markdown", "md", md.write),
    "html": Exporter("text/html", "html", html_.write),
    "ass": Exporter("text/x-ssa", "ass", ass.write, has_cues=True),
    "ttml": Exporter("application/ttml+xml", "ttml", ttml.write, has_cues=True),
    "textgrid": Exporter("text/praat-textgrid", "TextGrid", textgrid.write),
    "eaf": Exporter("text/x-eaf+xml", "eaf", eaf.write),
    "rttm": Exporter("text/x-rttm", "rttm", rttm.write),
    "audacity": Exporter("text/plain", "audacity.txt", audacity.write),
    "docx": Exporter(DOCX, "docx", docx_.write),
    "zip": Exporter("application/zip", "zip", _zip),
}
TEXT_FORMATS = tuple(name for name, exporter in EXPORTERS.items() if exporter.media_type not in BINARY)
