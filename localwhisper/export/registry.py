"""Every export format by name: what a file of it is called and who writes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from localwhisper.export import json_, srt, tsv, txt, vtt
from localwhisper.jobs.model import Transcript


@dataclass(frozen=True)
class Exporter:
    """`write` is pure; its text is to be stored as UTF-8 with the line ends it has."""

    media_type: str
    extension: str  # without the dot
    write: Callable[[Transcript], str]


EXPORTERS: Mapping[str, Exporter] = {
    "txt": Exporter("text/plain", "txt", txt.write),
    "srt": Exporter("application/x-subrip", "srt", srt.write),
    "vtt": Exporter("text/vtt", "vtt", vtt.write),
    "tsv": Exporter("text/tab-separated-values", "tsv", tsv.write),
    "json": Exporter("application/json", "json", json_.write),
}
