"""Recordings in folders, and the files for their transcripts: each recording gets some of its own."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from localwhisper.audio.media_types import is_recording
from localwhisper.errors import BadSetting
from localwhisper.export.registry import EXPORTERS
from localwhisper.file_names import shortened
from localwhisper.watching.finished import FinishedRecordings

WHISPER_FORMATS = ("txt", "vtt", "srt", "tsv", "json")  # what whisper writes for `all`


@dataclass(frozen=True)
class Task:
    """A recording and the files to write its transcript to, by format."""

    source: Path
    targets: Mapping[str, Path]

    @property
    def size_bytes(self) -> int:
        return file_size(self.source)


def file_size(path: Path) -> int:
    """0 for a file that can't be read, such as a dangling link."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def parse_formats(text: str) -> tuple[str, ...]:
    """Formats separated by commas; `all` stands for the formats that whisper writes. Raises BadSetting."""
    names: list[str] = []
    for name in text.replace(" ", "").split(","):
        if name != "all" and name not in EXPORTERS:
            raise BadSetting(name="--format", value=name, accepted=", ".join(["all", *EXPORTERS]))
        names += WHISPER_FORMATS if name == "all" else [name]
    return tuple(dict.fromkeys(names))


class TaskList:
    """Gives each recording files of its own, also where several recordings have one name."""

    def __init__(
        self,
        formats: Sequence[str],
        finished: FinishedRecordings,
        *,
        keep_unknown: bool = False,
        contents: Mapping[str, bytes] | None = None,
    ) -> None:
        """`keep_unknown`: files that are there, but weren't written by this program, keep their names, unless they
        are these `contents`, by format: then a crash came before it was noted that they were written."""
        self._formats = formats
        self._finished = finished
        self._keep_unknown = keep_unknown
        self._contents = contents or {}
        self._owners: dict[str, Path] = {}  # the recording of each file name given so far

    def task(self, source: Path, folder: Path) -> Task:
        """The transcript is named as the recording; where that name is taken, as a.wav, then a-2, a-3 …"""
        stem = shortened(source.stem)
        names = chain([stem, shortened(source.name)], (f"{stem}-{number}" for number in count(2)))
        for name in names:
            targets = {format: folder / f"{name}.{EXPORTERS[format].extension}" for format in self._formats}
            if all(self._is_free(source, target, self._contents.get(format)) for format, target in targets.items()):
                break
        self._owners |= {_same_file_key(target): source for target in targets.values()}
        return Task(source, targets)

    def _is_free(self, source: Path, target: Path, content: bytes | None) -> bool:
        if self._owners.get(_same_file_key(target), source) != source:
            return False
        if self._keep_unknown and target.exists() and not self._finished.is_known(target):
            return content is not None and _has_content(target, content)
        return self._finished.may_write(source, target)


def _has_content(path: Path, content: bytes) -> bool:
    return file_size(path) == len(content) and path.read_bytes() == content


def _same_file_key(path: Path) -> str:
    return str(path.absolute()).casefold()  # some file systems ignore case


def recordings(folder: Path) -> Iterator[Path]:
    """The media files in a folder and its subfolders."""
    return filter(is_recording, visible_files(folder))


def visible_files(folder: Path) -> Iterator[Path]:
    """The files in a folder and its subfolders, without hidden ones."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent) / name for name in names if not name.startswith("."))
