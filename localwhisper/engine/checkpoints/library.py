"""The catalogue of models: lists, downloads, imports and removes checkpoints.

download.py receives the bytes; file_access.py decides who may write a file; model_cache.py loads it.
"""

import hashlib
import lzma
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from localwhisper import paths
from localwhisper.atomic import (
    SHARED,
    is_regular_file,
    make_private_folder,
    replace_atomically,
    storage_errors,
    write_atomically,
)
from localwhisper.engine.checkpoints.catalogue import (
    BUNDLED,
    CANNOT_TRANSLATE,
    OTHER_NAMES,
    PURPOSES,
    Purpose,
    aliases_of,
    canonical_name,
    in_known_case,
    is_valid_name,
    valid_name,
)
from localwhisper.engine.checkpoints.file_access import FileAccess
from localwhisper.engine.checkpoints.model_source import Check, ModelSource, Offer, Progress, SourceFailed
from localwhisper.engine.checkpoints.origin import Origin, read_origin
from localwhisper.engine.checkpoints.published import is_published, published_file_name, published_sha256
from localwhisper.engine.plans import MeasuredPlan, PlanStore
from localwhisper.engine.upstream import whisper_tables
from localwhisper.errors import (
    CheckpointUnusable,
    FileMissing,
    InvalidOption,
    ModelBundled,
    ModelCorrupt,
    ModelDownloadFailed,
    ModelNotFound,
    PublishedName,
)
from localwhisper.file_names import is_reserved

ASSET = "demo.pt.xz"


@dataclass(frozen=True)
class ModelEntry:
    name: str
    size_bytes: int | None  # of the file; None where that isn't known before the download
    available: bool  # on this machine
    bundled: bool
    multilingual: bool
    translates: bool
    plans: Mapping[str, MeasuredPlan]  # by quality, as measured on this machine; empty before the first use
    origin: Origin | None  # of a converted checkpoint
    aliases: Sequence[str] = ()  # other names of the same model
    purpose: Purpose | None = None
    offers: Sequence[Offer] = ()  # where it can be downloaded, in the order in which that is tried


class ModelLibrary:
    """Threading: SAFE. Every method reads or writes files, so none is for the event loop's thread."""

    def __init__(
        self,
        model_dir: Path,
        *,
        data_dir: Path,
        assets: Path,
        sources: Sequence[ModelSource] = (),
    ) -> None:
        """`assets` holds the bundled model. `sources` are tried in their order."""
        self.model_dir = model_dir
        self.sources = sources
        self._data_dir = data_dir
        self._added: dict[str, Path] = {}  # files outside the model folder, by name
        self._asset = assets / ASSET
        self.plans = PlanStore(paths.plans(data_dir))
        self._lock = threading.Lock()
        self._unpacked: Path | None = None
        self._access = FileAccess()

    def names(self) -> list[str]:
        """Those for a purpose, imported ones, the others that openai-whisper publishes, the bundled one."""
        published = whisper_tables.checkpoint_urls()
        purposes = [name for name in PURPOSES if name in published]
        others = [name for name in published if name not in PURPOSES and name not in OTHER_NAMES]
        known = {BUNDLED, *published}
        files = {published_file_name(url) for url in published.values()}
        try:
            imported = sorted(
                path.stem
                for path in self.model_dir.glob("*.pt")
                if path.name not in files and is_valid_name(path.stem) and is_regular_file(path)
            )
        except OSError:
            imported = []
        imported = [name for name in dict.fromkeys([*self._added, *imported]) if name not in known]
        return [*purposes, *imported, *others, BUNDLED]

    def entries(self) -> list[ModelEntry]:
        return [self._entry(name) for name in self.names()]

    def entry(self, name: str) -> ModelEntry:
        """Raises ModelNotFound."""
        self._known_path(name)
        return self._entry(canonical_name(name))

    def _entry(self, name: str) -> ModelEntry:
        file = self._known_path(name)
        offers = self._offers(name)
        size_bytes, available, origin = offers[0].size_bytes if offers else None, False, None
        with suppress(OSError):
            if name in {BUNDLED, *self._added} or is_regular_file(file):
                size_bytes, available = file.stat().st_size, True
                origin = None if name == BUNDLED else read_origin(file)
        is_english = name.endswith(".en")
        return ModelEntry(
            name=name,
            size_bytes=size_bytes,
            available=available,
            bundled=name == BUNDLED,
            multilingual=not is_english,
            translates=not is_english and name not in CANNOT_TRANSLATE,
            plans=self.plans.latest(name),
            origin=origin,
            aliases=aliases_of(name),
            purpose=PURPOSES.get(name),
            offers=offers,
        )

    def _offers(self, name: str) -> list[Offer]:
        offers = []
        for source in self.sources:
            with suppress(KeyError):
                offers.append(Offer(source.name, source.label, source.size_bytes(name)))
        return offers

    def path(self, name: str) -> Path | None:
        """The path of the checkpoint, for the bundled one still packed; None if it isn't here. Raises ModelNotFound."""
        path = self._known_path(name)
        return path if name in {BUNDLED, *self._added} or is_regular_file(path) else None

    def loadable_path(self, name: str) -> Path | None:
        """As path(), but of a file that can be loaded: the bundled model is unpacked at its first use."""
        return self._unpack() if name == BUNDLED else self.path(name)

    def _known_path(self, name: str) -> Path:
        """The path of a checkpoint, whether it is there or not. Raises ModelNotFound for an unknown name."""
        if name == BUNDLED:
            return self._asset
        if name in self._added:
            return self._added[name]
        is_published = name in whisper_tables.checkpoint_urls()
        if not is_published and name not in (names := self.names()) and not self._offers(name):
            raise ModelNotFound(model=name[:100], accepted=", ".join(names))
        return self.model_dir / self._file_name(name)

    def _file_name(self, name: str) -> str:
        url = whisper_tables.checkpoint_urls().get(name)
        return f"{name}.pt" if url is None else published_file_name(url)

    def _unpack(self) -> Path:
        """Unpack the bundled model to a file named by its hash, so that an upgrade unpacks the new one."""
        with self._lock:
            if self._unpacked is None or not self._unpacked.is_file():
                packed = self._asset.read_bytes()
                target = paths.engine_data(self._data_dir) / f"demo-{hashlib.sha256(packed).hexdigest()[:16]}.pt"
                if not target.is_file():
                    with storage_errors(target):
                        make_private_folder(target.parent)
                    write_atomically(target, lzma.decompress(packed))
                self._unpacked = target
            return self._unpacked

    def download(
        self,
        name: str,
        progress: Progress,
        check: Check,
        *,
        source: str | None = None,
        on_source: Callable[[ModelSource], None] = lambda _: None,
    ) -> Path:
        """Download a checkpoint unless it exists, from where an earlier attempt ended; once for all callers.

        Without `source`, the first source that can be reached is used; `on_source` gets each that is tried.
        `progress` gets the bytes received and their total; `check` may raise to stop. If a checkpoint is
        imported under this name meanwhile, that one is returned. Raises ModelNotFound, ModelDownloadFailed (also if the
        model is removed meanwhile), ModelCorrupt, StorageFull or StorageUnwritable.
        """
        file = self._known_path(name)
        sources = [known for known in self.sources if source in (None, known.name)]

        def receive(check: Check) -> None:
            failures = []
            for candidate in sources:
                try:
                    candidate.size_bytes(name)
                    on_source(candidate)
                    candidate.fetch(name, file, progress, check)
                    break
                except SourceFailed as error:
                    failures.append(str(error))
                except KeyError:
                    if source is not None:
                        failures.append(f"{candidate.label} doesn't have it")
            else:
                raise ModelDownloadFailed(model=name, reason="; ".join(failures))
            self._discard_received(file)

        if not self._access.download(file, receive, check):
            raise ModelDownloadFailed(model=name, reason="the model was removed meanwhile")
        return file

    def _discard_received(self, file: Path) -> None:
        with storage_errors(file):
            for source in self.sources:
                source.discard(file)

    def remove(self, name: str) -> None:
        """Remove a checkpoint and what was downloaded of it; its download ends.

        Raises ModelBundled, ModelNotFound, StorageUnwritable.
        """
        if name == BUNDLED:
            raise ModelBundled(model=name)
        file = self._known_path(name)
        with self._access.exclusive(file), storage_errors(file):
            file.unlink(missing_ok=True)
            self._discard_received(file)

    def add_file(self, path: Path) -> str:
        """Let this object use a file of openai-whisper's format where it is. Returns the name given to it."""
        name = valid_name(path.stem) or "model"
        if name == BUNDLED:
            name = f"{name}-file"
        self._added[name] = path
        return name

    def import_checkpoint(
        self,
        path: Path,
        name: str | None = None,
        *,
        file_name: str | None = None,
        as_published: bool = False,
        is_private: bool = False,
    ) -> str:
        """Copy a checkpoint file of openai-whisper's format, or convert another one that import_formats.py knows.

        Returns the model's name: `name`, else one made from `file_name` or the path. A published model's name is for
        that model, unless `as_published` confirms it for another file. `is_private`: nobody else changes the file.

        Nothing is replaced before the new checkpoint has been checked; then a download under that name ends. Running
        jobs keep the weights they have. Raises CheckpointUnusable, PublishedName, ModelBundled, InvalidOption,
        FileMissing, StorageFull or StorageUnwritable.
        """
        if not path.exists():
            raise FileMissing(path=str(path))
        known = (*self.names(), *whisper_tables.checkpoint_urls())
        name = canonical_name(in_known_case(name or valid_name(file_name or path.stem), known))
        if name == BUNDLED:
            raise ModelBundled(model=name)
        if not is_valid_name(name) or is_reserved(name):
            accepted = "letters, digits, - . _, but no device of Windows"
            raise InvalidOption(field="name", value=name[:100], accepted=accepted)
        with storage_errors(path):
            if published_sha256(name) is not None and not (as_published or is_published(path, name)):
                raise PublishedName(model=name)
        from localwhisper.engine.checkpoints.import_formats import write_checked_checkpoint  # imports torch

        file = self.model_dir / self._file_name(name)
        try:
            with storage_errors(file):
                file.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as replacing, replace_atomically(file, mode=SHARED) as temporary:
                write_checked_checkpoint(path, temporary, name, is_private=is_private)
                replacing.enter_context(self._access.exclusive(file))
                self._discard_received(file)
        except ModelCorrupt as error:
            raise CheckpointUnusable(model=error.model, reason=error.reason) from None
        return name
