"""Models that other programs keep on this machine, which can be imported: Hugging Face's cache, and known folders.

They are recognised by their names and small files; the import checks the rest.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localwhisper.engine.checkpoints.catalogue import canonical_name, is_valid_name
from localwhisper.engine.checkpoints.folder_archive import NEEDED_FILE
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.errors import ModelNotFound

HUB = "Hugging Face's cache"
MAX_CONFIG_BYTES = 1 << 20
WEIGHTS = re.compile(r"model\.bin|model[\w.-]*\.safetensors|pytorch_model[\w.-]*\.bin")
# Repositories whose models are openai-whisper's own, as they are or converted.
OFFICIAL = re.compile(r"(?:openai/whisper|Systran/faster-whisper)-(?P<size>[\w.-]+)")


@dataclass(frozen=True)
class FoundModel:
    name: str  # under which it would be imported
    path: Path  # a file, or a folder
    label: str  # whose it is
    size_bytes: int
    is_official: bool  # of a publisher of openai-whisper's own weights: it may have their name


class FoundModels:
    """Threading: SAFE. Every method reads files."""

    def __init__(self, library: ModelLibrary, hub_cache: Path, folders: Mapping[str, Path]) -> None:
        """`folders`: with checkpoints or whisper.cpp's files, by whose they are."""
        self._library = library
        self._hub_cache = hub_cache
        self._folders = folders

    def all(self) -> list[FoundModel]:
        """Those that aren't in the library under their name; the first of each name."""
        names = {entry.name for entry in self._library.entries() if entry.available}
        found: dict[str, FoundModel] = {}
        for model in [*_in_hub(self._hub_cache), *(m for label in self._folders for m in self._files(label))]:
            if is_valid_name(model.name) and model.name not in names:
                found.setdefault(model.name, model)
        return [*found.values()]

    def take_over(self, name: str) -> str:
        """Import one; returns its name. Raises ModelNotFound, and the same as ModelLibrary.import_checkpoint()."""
        found = {model.name: model for model in self.all()}
        if (model := found.get(canonical_name(name))) is None:
            raise ModelNotFound(model=name[:100], accepted=", ".join(found))
        return self._library.import_checkpoint(model.path, model.name, as_published=model.is_official)

    def _files(self, label: str) -> Iterator[FoundModel]:
        """openai-whisper's and whisper.cpp's files, which are named after the models."""
        folder = self._folders[label]
        for file in _sorted([*folder.glob("*.pt"), *folder.glob("ggml-*.bin")]):
            with suppress(OSError):
                yield FoundModel(canonical_name(file.stem), file, label, file.stat().st_size, is_official=False)


def _in_hub(cache: Path) -> Iterator[FoundModel]:
    for repository in _sorted(cache.glob("models--*--*")):
        name = "/".join(repository.name.split("--")[1:])
        for folder in _snapshots(repository):
            with suppress(OSError, ValueError, RecursionError):
                if not _is_whisper(folder):
                    continue
                sizes = [file.stat().st_size for file in folder.iterdir() if NEEDED_FILE.fullmatch(file.name)]
                official = OFFICIAL.fullmatch(name)
                own_name = canonical_name(official["size"]) if official else name.split("/")[-1]
                yield FoundModel(own_name, folder, HUB, sum(sizes), official is not None)
                break


def _snapshots(repository: Path) -> list[Path]:
    """Its versions, the current one first."""
    snapshots = _sorted((repository / "snapshots").glob("*"))
    current = ""
    with suppress(OSError, ValueError):
        current = (repository / "refs" / "main").read_text(encoding="ascii").strip()
    return sorted(snapshots, key=lambda folder: folder.name != current)


def _is_whisper(folder: Path) -> bool:
    """Whether a folder has a Whisper model of Hugging Face or faster-whisper. Raises OSError, ValueError."""
    config_file = folder / "config.json"
    if config_file.stat().st_size > MAX_CONFIG_BYTES:
        return False
    config = json.loads(config_file.read_text(encoding="utf-8"))
    has_weights = any(WEIGHTS.fullmatch(file.name) and file.is_file() for file in folder.iterdir())
    is_faster_whisper = (folder / "model.bin").is_file() and "alignment_heads" in config
    return has_weights and (is_faster_whisper or config.get("model_type") == "whisper")


def _sorted(paths: "Iterator[Path] | Sequence[Path]") -> list[Path]:
    try:
        return sorted(paths)
    except OSError:
        return []
