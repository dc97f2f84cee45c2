"""The interface of a source of published models; download.py and package_index.py implement it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Progress = Callable[[int, int | None], None]  # bytes received, bytes of the whole if known
Check = Callable[[], None]


class SourceFailed(Exception):
    """The source can't be reached, or sends nothing usable; the message gives the reason."""


@dataclass(frozen=True)
class Offer:
    """Where a model can be had."""

    source: str  # the name of a ModelSource
    label: str
    size_bytes: int | None  # to be received


class ModelSource(Protocol):
    """Threading: SAFE; each file is fetched by one thread at a time."""

    name: str  # for people who choose one
    label: str  # for texts

    def size_bytes(self, model: str) -> int | None:
        """What has to be received; None if that isn't known. Raises KeyError for a model that it doesn't offer."""

    def fetch(self, model: str, file: Path, progress: Progress, check: Check) -> None:
        """Fetch a model's checkpoint, verified by its SHA-256, from where an earlier attempt ended.

        Raises SourceFailed, ModelDownloadFailed if what was received is removed meanwhile, ModelCorrupt, StorageFull,
        StorageUnwritable, and what `check` raises.
        """

    def discard(self, file: Path) -> None:
        """Remove what an unfinished fetch left. Raises OSError."""


def sha256_of(path: Path, check: Check) -> str:
    """Raises OSError, and what `check` raises."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            check()
            digest.update(block)
    return digest.hexdigest()
