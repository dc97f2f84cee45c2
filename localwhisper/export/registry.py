"""The table of export formats: the media type, extension and writer of each name."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from localwhisper.export import csv_, docx_, json_, lrc, md, srt, tsv, txt, vtt
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout
from localwhisper.unicode_text import to_utf8

DEFAULT_LAYOUT = Layout()  # openai-whisper's


@dataclass(frozen=True)
class Exporter:
    """A file format. `render` is pure; its text has the line endings of the file."""

    media_type: str
    extension: str  # without the dot
    render: Callable[[Transcript, Layout], str | bytes]

    @property
    def content_type(self) -> str:
        return f"{self.media_type}; charset=utf-8" if self.media_type not in BINARY else self.media_type

    def to_text(self, transcript: Transcript, layout: Layout = DEFAULT_LAYOUT) -> str:
        """Return the file's content; for text formats only."""
        text = self.render(transcript, layout)
        assert isinstance(text, str)
        return text

    def to_bytes(self, transcript: Transcript, layout: Layout = DEFAULT_LAYOUT) -> bytes:
        """Return the file's content."""
        content = self.render(transcript, layout)
        return to_utf8(content) if isinstance(content, str) else content


def _zip(transcript: Transcript, layout: Layout) -> bytes:
    """A ZIP archive with one file in each of the other formats."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, exporter in EXPORTERS.items():
            if name != "zip":
                archive.writestr(f"transcript.{exporter.extension}", exporter.to_bytes(transcript, layout))
    return buffer.getvalue()


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BINARY = frozenset({DOCX, "application/zip"})
EXPORTERS: Mapping[str, Exporter] = {
    "txt": Exporter("text/plain", "txt", txt.write),
    "srt": Exporter("application/x-subrip", "srt", srt.write),
    "vtt": Exporter("text/vtt", "vtt", vtt.write),
    "tsv": Exporter("text/tab-separated-values", "tsv", tsv.write),
    "json": Exporter("application/json", "json", json_.write),
    "csv": Exporter("text/csv", "csv", csv_.write),
    "lrc": Exporter("text/plain", "lrc", lrc.write),
    "md": Exporter("text/markdown", "md", md.write),
    "docx": Exporter(DOCX, "docx", docx_.write),
    "zip": Exporter("application/zip", "zip", _zip),
}
TEXT_FORMATS = tuple(name for name, exporter in EXPORTERS.items() if exporter.media_type not in BINARY)
