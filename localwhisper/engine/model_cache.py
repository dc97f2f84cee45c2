"""Models in memory: loaded once, shared by all workers, evicted when idle or when the checkpoint is replaced.

calibration/ selects the formats in which a model computes.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from localwhisper.engine.base import Control, NoControl
from localwhisper.engine.calibration import plan_selection
from localwhisper.engine.calibration.background import BackgroundCalibration
from localwhisper.engine.checkpoints.checkpoint import Checkpoint, read_checkpoint
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.model_source import ModelSource
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.model.whisper_model import WhisperModel, size_bytes
from localwhisper.engine.model_entry import ModelEntry, ModelKey
from localwhisper.engine.plans import REFERENCE, Plan
from localwhisper.engine.system_resources import available_bytes, drop_library_pages, release_unused_memory, trim_heap
from localwhisper.engine.threads import CoreBudget, use_one_thread
from localwhisper.engine.upstream.torch_internals import UNSUPPORTED, is_out_of_memory
from localwhisper.errors import LocalWhisperError, ModelNotFound, ModelTooLarge, Stopped
from localwhisper.messages import Message
from localwhisper.options import Quality

log = logging.getLogger(__name__)
CHECK_INTERVAL_S = 0.1
LIBRARIES = ("libtorch_cpu", "libtorch_python", "libllvmlite")  # numba's compiler is the last
MIN_COMPILED_WIDTH = 384  # of a decoder for which kernels are compiled and plans selected: that of tiny
MAX_GROWTH = 2  # of a file's float16 weights in memory, as float32
WORK_BYTES = 1 << 28  # needed to compute a window, besides the weights


class ModelCache:
    """Threading: SAFE."""

    def __init__(
        self,
        library: ModelLibrary,
        *,
        idle_timeout_s: float,
        now: Callable[[], float] = time.monotonic,
        available_bytes: Callable[[str], float] = available_bytes,
        cores: CoreBudget | None = None,
    ) -> None:
        self._library = library
        self.cores = cores or CoreBudget()
        self._calibration = BackgroundCalibration(library.plans.file)
        self._idle_timeout_s = idle_timeout_s
        self._now = now
        self._available_bytes = available_bytes
        self._lock = threading.Lock()
        self._entries: dict[ModelKey, ModelEntry] = {}
        self._current: dict[tuple[str, Quality], ModelKey] = {}  # the file leased last
        self._eviction: threading.Timer | None = None
        self._is_closed = threading.Event()
        self.n_loads = 0

    def loaded(self) -> list[str]:
        """Names of the models in memory, one for each quality and file."""
        with self._lock:
            return [key.name for key, entry in self._entries.items() if entry.model is not None]

    def model_bytes(self) -> dict[str, int]:
        """The approximate size of the weights of each model in memory, by name."""
        with self._lock:
            entries = list(self._entries.items())
        sizes: dict[str, int] = {}
        for key, entry in entries:
            if (model := entry.model) is not None:
                sizes[key.name] = sizes.get(key.name, 0) + model.size_bytes
        return sizes

    @contextmanager
    def lease(
        self, name: str, quality: Quality, control: Control, *, plan: str | None = None
    ) -> Iterator[WhisperModel]:
        """Lend out the model, which all leases share. It is downloaded and loaded if needed, once for all that wait.

        `plan`: name of the plan in which a job's windows so far were computed; it is used if it can be.
        Raises ModelNotFound, ModelDownloadFailed, ModelCorrupt or ModelTooLarge, and what `control` raises.
        """
        key = self._find(name, quality, control)
        with self._lock:
            self._current[name, quality] = key
        self._evict_replaced()
        wanted = None if plan is None else plan_selection.usable_plan(plan, quality)
        key, entry = self._locked(key, wanted, control)
        try:
            if not entry.users and entry.is_outdated(wanted):
                entry.model, entry.better_plan = None, None
            if entry.model is None:
                entry.model = self._load(key, entry, wanted, control)
            model = entry.model
            entry.users += 1
        finally:
            entry.lock.release()
        try:
            yield model
        finally:
            del model
            with entry.lock:
                entry.users -= 1
                entry.idle_since_s = self._now()
                is_idle = entry.users == 0
            if is_idle:
                self._evict_replaced()
                trim_heap()  # what the work needed besides the weights
            self._evict_later()

    def preload(self, name: str, quality: Quality) -> None:
        """Load a model that is on disk, so that a later lease finds it in memory, or waits for less. That lease raises
        what is wrong with it."""
        with suppress(LocalWhisperError, Stopped):
            if self._library.loadable_path(name) is not None:
                with self.lease(name, quality, _UntilClosed(self._is_closed)):
                    pass

    def _locked(self, key: ModelKey, plan: Plan | None, control: Control) -> tuple[ModelKey, ModelEntry]:
        """Lock the model's entry, or another copy's if it is in use in another plan and there is memory for both."""
        while True:
            with self._lock:
                entry = self._entries.setdefault(key, ModelEntry())
            while not entry.lock.acquire(timeout=CHECK_INTERVAL_S):
                control.check()
            if plan is None or key.plan is not None or not entry.users or not entry.is_outdated(plan):
                return key, entry
            if self._available_bytes(plan.device) < MAX_GROWTH * key.size_bytes + WORK_BYTES:
                return key, entry
            entry.lock.release()
            key = replace(key, plan=plan)

    def _find(self, name: str, quality: Quality, control: Control) -> ModelKey:
        """Find the checkpoint on disk; if it was removed, the model in memory. If there is neither, download it."""
        try:
            path = self._library.loadable_path(name)
        except ModelNotFound:  # an imported one, removed
            if (loaded := self._loaded_key(name, quality)) is not None:
                return loaded
            raise
        if path is not None:
            with suppress(FileNotFoundError):  # removed just now
                return ModelKey.of(name, quality, path)
        return self._loaded_key(name, quality) or ModelKey.of(name, quality, self._download(name, control))

    def _loaded_key(self, name: str, quality: Quality) -> ModelKey | None:
        with self._lock:
            key = self._current.get((name, quality))
            is_loaded = key is not None and key in self._entries and self._entries[key].model is not None
            return key if is_loaded else None

    def _load(self, key: ModelKey, entry: ModelEntry, plan: Plan | None, control: Control) -> WhisperModel:
        control.progress(0.0, Message("loading_model", {"model": key.name}))
        try:
            model = self._build(read_checkpoint(key.path, key.name), entry, key, plan, control)
        except (MemoryError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise ModelTooLarge(model=key.name) from error
            raise
        self.n_loads += 1
        threading.Thread(target=release_load_memory, name="release-memory").start()  # nobody has to wait for that
        control.check()
        return model

    def _build(
        self, checkpoint: Checkpoint, entry: ModelEntry, key: ModelKey, wanted: Plan | None, control: Control
    ) -> WhisperModel:
        """Build the model in the wanted plan; else on the fastest device that can compute it and has the memory."""
        use_one_thread()
        if wanted is not None:
            try:
                model = self._build_as(wanted, checkpoint, control)
            except UNSUPPORTED as error:
                if is_out_of_memory(error):
                    raise
                log.warning("%s can't be computed as %s: %s", checkpoint.name, wanted.name, error)
            else:
                if key.plan is None and wanted != self._plan(wanted.device, checkpoint, entry, key):
                    entry.better_plan = threading.Event()
                    entry.better_plan.set()
                return model
        for device in plan_selection.available_devices():
            try:
                plan = self._plan(device, checkpoint, entry, key)
                return self._build_as(plan, checkpoint, control)
            except UNSUPPORTED as error:  # too old for this torch, for example, or too small
                if is_out_of_memory(error) and device == "cpu":
                    raise
                log.warning("%s can't compute %s: %s", device, checkpoint.name, error)
        return self._build_as(REFERENCE, checkpoint, control)

    def _build_as(self, plan: Plan, checkpoint: Checkpoint, control: Control) -> WhisperModel:
        self._make_room(plan.device, size_bytes(checkpoint, plan) + WORK_BYTES)
        model = WhisperModel(checkpoint, plan, control.check, self.cores)
        model.warm_up()
        return model

    def _plan(self, device: str, checkpoint: Checkpoint, entry: ModelEntry, key: ModelKey) -> Plan:
        """The plan selected on this machine before; else a provisional one, while one is selected in the background."""
        measured = plan_selection.stored_plan(self._library.plans, checkpoint, key.quality, device)
        is_compiled = kernel_cache().is_ready()
        if checkpoint.dims.n_text_state >= MIN_COMPILED_WIDTH and (measured is None or not is_compiled):
            is_over = self._calibration.start((key, device), key.path, key.name, key.quality, device)
            entry.better_plan = None if is_over.is_set() else is_over
        return plan_selection.provisional_plan(key.quality, device) if measured is None else measured.plan

    def _download(self, name: str, control: Control) -> Path:
        code = "downloading_model"

        def on_source(source: ModelSource) -> None:
            nonlocal code
            code = "downloading_from_index" if source.name == "index" else "downloading_model"

        def progress(received_bytes: int, total_bytes: int | None) -> None:
            percent = 100 * received_bytes // total_bytes if total_bytes else 0
            control.progress(0.0, Message(code, {"model": name, "percent": percent}))

        return self._library.download(name, progress, control.check, on_source=on_source)

    def _make_room(self, device: str, needed_bytes: int) -> None:
        """Evict models that nobody uses, the longest idle first, until there is enough memory."""
        with self._lock:
            entries = sorted(self._entries.values(), key=lambda entry: entry.idle_since_s)
        for entry in entries:
            if self._available_bytes(device) >= needed_bytes:
                return
            self._evict(entry, idle_s=0.0)
            release_unused_memory()

    def _evict_replaced(self) -> None:
        """Evict models whose file was replaced, once nobody uses them."""
        with self._lock:
            replaced = {
                key: entry for key, entry in self._entries.items() if self._current[key.name, key.quality] != key
            }
        for key, entry in replaced.items():
            if self._evict(entry, idle_s=0.0):
                with self._lock:
                    self._entries.pop(key, None)
                release_unused_memory()

    def _evict(self, entry: ModelEntry, *, idle_s: float) -> bool:
        """Unload a model unless it is in use, being loaded, or was used in the last `idle_s`. Returns if it did."""
        if not entry.lock.acquire(blocking=False):
            return False
        try:
            if entry.users or self._now() - entry.idle_since_s < idle_s:
                return False
            entry.model = None
            return True
        finally:
            entry.lock.release()

    def evict_idle(self) -> None:
        """Give back the memory of models that nobody has used for the idle timeout."""
        with self._lock:
            entries = list(self._entries.values())
        for entry in entries:
            self._evict(entry, idle_s=self._idle_timeout_s)
        release_unused_memory()

    def _evict_later(self) -> None:
        with self._lock:
            if self._eviction is not None:
                self._eviction.cancel()
            self._eviction = threading.Timer(min(self._idle_timeout_s, threading.TIMEOUT_MAX), self.evict_idle)
            self._eviction.daemon = True
            self._eviction.start()

    def close(self) -> None:
        self._is_closed.set()
        with self._lock:
            if self._eviction is not None:
                self._eviction.cancel()
            self._entries.clear()
        self.cores.close()
        release_unused_memory()


class _UntilClosed(NoControl):
    def __init__(self, is_closed: threading.Event) -> None:
        self._is_closed = is_closed

    def check(self) -> None:
        if self._is_closed.is_set():
            raise Stopped


def release_load_memory() -> None:
    """Give back the memory that only loading a model needed."""
    drop_library_pages(LIBRARIES)
    release_unused_memory()
