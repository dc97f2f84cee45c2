"""Which files a command is about, and where their texts go."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localwhisper.audio.media_types import looks_like_media
from localwhisper.errors import BadSetting, FileMissing
from localwhisper.export.registry import EXPORTERS

WHISPERS = ("txt", "vtt", "srt", "tsv", "json")  # what whisper's own `all` writes


@dataclass(frozen=True)
class Task:
    """One recording and the files that its transcript is written to, by format."""

    source: Path
    targets: Mapping[str, Path]

    @property
    def is_done(self) -> bool:
        return bool(self.targets) and all(target.exists() for target in self.targets.values())


def parse_formats(text: str) -> tuple[str, ...]:
    """Formats separated by commas; `all` as whisper means it. Raises BadSetting."""
    names: list[str] = []
    for name in text.replace(" ", "").split(","):
        if name != "all" and name not in EXPORTERS:
            raise BadSetting(name="--format", value=name, accepted=", ".join(["all", *EXPORTERS]))
        names += WHISPERS if name == "all" else [name]
    return tuple(dict.fromkeys(names))


def tasks(given: Sequence[str], formats: Sequence[str], output_dir: Path) -> list[Task]:
    """A task for each file; a folder's recordings keep their place in it. Raises FileMissing."""
    made: list[Task] = []
    taken: set[Path] = set()
    for text in given:
        path = Path(text)
        if not path.exists():
            raise FileMissing(path=text)
        for source in sorted(recordings(path)) if path.is_dir() else [path]:
            folder = output_dir / source.relative_to(path).parent if path.is_dir() else output_dir
            stem = source.stem if folder / source.stem not in taken else source.name  # a.mp3 beside a.wav
            taken.add(folder / stem)
            made.append(Task(source, targets_of(stem, folder, formats)))
    return made


def targets_of(stem: str, folder: Path, formats: Sequence[str]) -> dict[str, Path]:
    return {name: folder / f"{stem}.{EXPORTERS[name].extension}" for name in formats}


def recordings(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent) / name for name in names if looks_like_media(Path(name)))
