"""Which recordings a command transcribes, and where it writes their transcripts."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localwhisper.audio.media_types import looks_like_media
from localwhisper.errors import BadSetting, FileMissing
from localwhisper.export.registry import EXPORTERS

WHISPER_FORMATS = ("txt", "vtt", "srt", "tsv", "json")  # what whisper writes for `all`


@dataclass(frozen=True)
class Task:
    """A recording and the files to write its transcript to, by format."""

    source: Path
    targets: Mapping[str, Path]

    @property
    def is_done(self) -> bool:
        return bool(self.targets) and all(target.exists() for target in self.targets.values())


def parse_formats(text: str) -> tuple[str, ...]:
    """Formats separated by commas; `all` stands for the formats that whisper writes. Raises BadSetting."""
    names: list[str] = []
    for name in text.replace(" ", "").split(","):
        if name != "all" and name not in EXPORTERS:
            raise BadSetting(name="--format", value=name, accepted=", ".join(["all", *EXPORTERS]))
        names += WHISPER_FORMATS if name == "all" else [name]
    return tuple(dict.fromkeys(names))


def collect_tasks(sources: Sequence[str], formats: Sequence[str], output_dir: Path) -> list[Task]:
    """A task for each recording. Those of a folder keep their relative paths. Raises FileMissing."""
    tasks: list[Task] = []
    taken: set[Path] = set()
    for argument in sources:
        path = Path(argument)
        if not path.exists():
            raise FileMissing(path=argument)
        for source in sorted(recordings(path)) if path.is_dir() else [path]:
            folder = output_dir / source.relative_to(path).parent if path.is_dir() else output_dir
            stem = source.stem if folder / source.stem not in taken else source.name  # a.mp3 and a.wav
            taken.add(folder / stem)
            tasks.append(Task(source, target_files(stem, folder, formats)))
    return tasks


def target_files(stem: str, folder: Path, formats: Sequence[str]) -> dict[str, Path]:
    return {name: folder / f"{stem}.{EXPORTERS[name].extension}" for name in formats}


def recordings(folder: Path) -> Iterator[Path]:
    """Media files in a folder and its subfolders, without hidden folders."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent) / name for name in names if looks_like_media(Path(name)))
