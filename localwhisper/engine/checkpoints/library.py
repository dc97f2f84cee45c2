"""Which checkpoints exist and which are on this machine: list, import, remove; the bundled one, unpacked.

How one is fetched is fetch.py's subject, how one becomes weights in memory loading.py's.
"""

import hashlib
import lzma
import re
import shutil
import threading
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localwhisper.atomic import replace_atomically, storage_errors, write_atomically
from localwhisper.engine.calibration.plan_store import MeasuredPlan, PlanStore
from localwhisper.engine.checkpoints.download import download_checkpoint
from localwhisper.engine.upstream import whisper_tables
from localwhisper.errors import (
    CheckpointUnusable,
    FileMissing,
    InvalidOption,
    ModelBundled,
    ModelCorrupt,
    ModelNotFound,
)

BUNDLED = "demo"
ASSET = "demo.pt.xz"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Bytes of openai-whisper's published files, to say before a download what it will take.
PUBLISHED_SIZES: Mapping[str, int] = {
    "tiny": 75_572_083,
    "base": 145_262_807,
    "small": 483_617_219,
    "medium": 1_528_008_539,
    "large-v1": 3_086_999_982,
    "large-v2": 3_086_999_982,
    "large-v3": 3_087_371_615,
    "large": 3_087_371_615,
    "large-v3-turbo": 1_617_941_637,
    "turbo": 1_617_941_637,
}
_CANNOT_TRANSLATE = frozenset({BUNDLED, "turbo", "large-v3-turbo"})


@dataclass(frozen=True)
class ModelEntry:
    name: str
    size_bytes: int | None  # of the file; None where nobody knows before it is here
    available: bool
    bundled: bool
    multilingual: bool
    translates: bool
    plans: Mapping[str, MeasuredPlan]  # by quality, as measured on this machine; empty before the first use


class ModelLibrary:
    """Threading: SAFE."""

    def __init__(self, model_dir: Path, *, mirror: str | None, unpack_dir: Path, assets: Path) -> None:
        self.model_dir = model_dir
        self._mirror = mirror
        self._unpack_dir = unpack_dir
        self._asset = assets / ASSET
        self.plans = PlanStore(unpack_dir / "plans.json")
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Lock] = {}

    def names(self) -> list[str]:
        """The bundled model, openai-whisper's, then what was imported."""
        known = [BUNDLED, *whisper_tables.checkpoint_urls()]
        files = {name.rsplit("/", 1)[-1] for name in whisper_tables.checkpoint_urls().values()}
        try:
            found = sorted(
                path.stem
                for path in self.model_dir.glob("*.pt")
                if path.name not in files and NAME.fullmatch(path.stem)
            )
        except OSError:
            found = []
        return [*known, *(name for name in found if name not in known)]

    def entries(self) -> list[ModelEntry]:
        return [self._entry(name) for name in self.names()]

    def _entry(self, name: str) -> ModelEntry:
        path = self.path(name)
        is_english = name.endswith(".en")
        return ModelEntry(
            name=name,
            size_bytes=path.stat().st_size if path is not None else PUBLISHED_SIZES.get(name.removesuffix(".en")),
            available=path is not None,
            bundled=name == BUNDLED,
            multilingual=not is_english,
            translates=not is_english and name not in _CANNOT_TRANSLATE,
            plans=self.plans.shown(name),
        )

    def path(self, name: str) -> Path | None:
        """Where the checkpoint lies, the bundled one still packed; None where it isn't here. Raises ModelNotFound."""
        if name == BUNDLED:
            return self._asset
        path = self._target(name)
        return path if path.is_file() else None

    def open_path(self, name: str) -> Path | None:
        """As path(), ready to be loaded: the bundled model is unpacked by its first use."""
        return self._unpacked() if name == BUNDLED else self.path(name)

    def _target(self, name: str) -> Path:
        address = whisper_tables.checkpoint_urls().get(name)
        if address is not None:
            return self.model_dir / address.rsplit("/", 1)[-1]
        if name not in self.names():
            raise ModelNotFound(model=name[:100], accepted=", ".join(self.names()))
        return self.model_dir / f"{name}.pt"

    def _unpacked(self) -> Path:
        """Named by the packed file's hash, so that an upgrade never meets an older one."""
        with self._lock:
            packed = self._asset.read_bytes()
            target = self._unpack_dir / f"demo-{hashlib.sha256(packed).hexdigest()[:16]}.pt"
            if not target.is_file():
                with storage_errors(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(target, lzma.decompress(packed))
            return target

    def download(self, name: str, progress: Callable[[int, int | None], None], check: Callable[[], None]) -> Path:
        """Fetch a checkpoint unless it is here; goes on where an earlier attempt broke off.

        `progress` gets the bytes received and their total, `check` may raise to stop.
        Raises ModelNotFound, ModelDownloadFailed, ModelCorrupt or StorageFull.
        """
        target = self._target(name)
        with self._lock:
            lock = self._fetching.setdefault(target.name, threading.Lock())
        while not lock.acquire(timeout=0.1):
            check()
        try:
            if not target.is_file():
                download_checkpoint(name, whisper_tables.checkpoint_urls()[name], target, self._mirror, progress, check)
            return target
        finally:
            lock.release()

    def remove(self, name: str) -> None:
        """Raises ModelBundled, ModelNotFound."""
        if name == BUNDLED:
            raise ModelBundled(model=name)
        target = self._target(name)
        with storage_errors(target):
            target.unlink(missing_ok=True)
            target.with_suffix(".pt.partial").unlink(missing_ok=True)

    def import_file(self, path: Path, name: str | None = None, *, file_name: str | None = None) -> str:
        """Take over a checkpoint file of openai-whisper's format, or a Whisper folder of Hugging Face.

        Returns its name, which is made of `file_name`, else the path's, where none is given. Nothing is replaced
        before it has been checked. Raises CheckpointUnusable, ModelBundled, InvalidOption, FileMissing.
        """
        if not path.exists():
            raise FileMissing(path=str(path))
        name = name or _as_name(file_name or path.stem)
        if name == BUNDLED:
            raise ModelBundled(model=name)
        if not NAME.fullmatch(name):
            raise InvalidOption(field="name", value=name[:100], accepted="letters, digits, - . _")
        from localwhisper.engine.checkpoints.checkpoint import read_checkpoint  # these import torch
        from localwhisper.engine.checkpoints.huggingface import convert

        address = whisper_tables.checkpoint_urls().get(name, f"{name}.pt")
        target = self.model_dir / address.rsplit("/", 1)[-1]
        try:
            with storage_errors(target):
                target.parent.mkdir(parents=True, exist_ok=True)
            with replace_atomically(target) as temporary:
                if path.is_dir():
                    convert(path, temporary, name)
                    read_checkpoint(temporary, name)
                else:
                    read_checkpoint(path, name)
                    shutil.copyfile(path, temporary)
        except ModelCorrupt as error:
            raise CheckpointUnusable(model=error.model, reason=error.reason) from None
        return name


def _as_name(text: str) -> str:
    """A model's name made of a file's: "mi módelo" → "mi-modelo"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")
