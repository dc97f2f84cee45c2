"""Checkpoints → weights in memory: loaded once, shared by all workers, given back when idle."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from localwhisper.engine.base import Control
from localwhisper.engine.calibration import select
from localwhisper.engine.calibration.plan_store import Plan
from localwhisper.engine.checkpoints import checkpoint
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.kernels import precompile
from localwhisper.engine.model.whisper_model import WhisperModel, size_bytes
from localwhisper.engine.system_memory import available_bytes, drop_library_pages, release_unused_memory, trim_heap
from localwhisper.engine.threads import CoreBudget
from localwhisper.errors import LocalWhisperError, OutOfMemory
from localwhisper.messages import Message
from localwhisper.options import Quality

log = logging.getLogger(__name__)
CHECK_EVERY_S = 0.1
LIBRARIES = ("libtorch_cpu", "libtorch_python", "libllvmlite")  # numba's compiler is the last
WORTH_COMPILING = 384  # a decoder's width from which on the kernels are compiled for it: of the published ones all
WORK_BYTES = 1 << 28  # beside the weights: what a window takes to compute


class _Entry:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.model: WhisperModel | None = None
        self.users = 0
        self.idle_since_s = 0.0


class ModelCache:
    """Threading: SAFE."""

    def __init__(
        self,
        library: ModelLibrary,
        *,
        idle_timeout_s: float,
        now: Callable[[], float] = time.monotonic,
        available_bytes: Callable[[str], float] = available_bytes,
    ) -> None:
        self._library = library
        self.cores = CoreBudget()
        self._idle_timeout_s = idle_timeout_s
        self._now = now
        self._available_bytes = available_bytes
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, Quality], _Entry] = {}
        self._timer: threading.Timer | None = None
        self.loads = 0  # so far, for whoever counts

    def loaded(self) -> list[str]:
        """Names of the models in memory."""
        with self._lock:
            return [name for (name, _), entry in self._entries.items() if entry.model is not None]

    def model_bytes(self) -> dict[str, int]:
        """By name, of the models in memory: what their weights take, about."""
        with self._lock:
            entries = list(self._entries.items())
        found: dict[str, int] = {}
        for (name, _), entry in entries:
            if (model := entry.model) is not None:
                found[name] = found.get(name, 0) + model.size_bytes
        return found

    @contextmanager
    def lease(self, name: str, quality: Quality, control: Control) -> Iterator[WhisperModel]:
        """The model, one for all callers. Fetches and loads the checkpoint if need be, once for all who wait.

        Raises ModelNotFound, ModelDownloadFailed, ModelCorrupt or OutOfMemory.
        """
        with self._lock:
            entry = self._entries.setdefault((name, quality), _Entry())
        while not entry.lock.acquire(timeout=CHECK_EVERY_S):
            control.check()
        try:
            if entry.model is None:
                entry.model = self._load(name, quality, control)
            model = entry.model
            entry.users += 1
        finally:
            entry.lock.release()
        try:
            yield model
        finally:
            with entry.lock:
                entry.users -= 1
                entry.idle_since_s = self._now()
                is_idle = entry.users == 0
            if is_idle:
                trim_heap()  # what the work took beside the weights
            self._evict_later()

    def _load(self, name: str, quality: Quality, control: Control) -> WhisperModel:
        path = self._library.open_path(name)
        if path is None:
            path = self._download(name, control)
        control.progress(0.0, Message("loading_model", {"model": name}))
        try:
            found = checkpoint.read(path, name)
            model = self._built(found, quality, control)
        except (MemoryError, RuntimeError) as error:
            raise as_out_of_memory(error, name) from error
        self.loads += 1
        release_load_memory()
        control.check()
        return model

    def _built(self, found: checkpoint.Checkpoint, quality: Quality, control: Control) -> WhisperModel:
        """On the quickest device that can compute it and has the memory."""
        *devices, last = select.devices()
        for device in devices:
            try:
                return self._built_on(device, found, quality, control)
            except RuntimeError as error:  # too old for this torch, say, or too small
                log.warning("%s can't compute %s: %s", device, found.name, error)
        return self._built_on(last, found, quality, control)

    def _built_on(self, device: str, found: checkpoint.Checkpoint, quality: Quality, control: Control) -> WhisperModel:
        plan = self._plan(device, found, quality, control)
        self._make_room(device, size_bytes(found, plan) + WORK_BYTES)
        model = WhisperModel(found, plan, control.check, self.cores)
        model.warm_up()
        return model

    def _make_room(self, device: str, needed_bytes: int) -> None:
        """Models that nobody uses give way, the longest idle first, until there is enough memory."""
        with self._lock:
            entries = sorted(self._entries.values(), key=lambda entry: entry.idle_since_s)
        for entry in entries:
            if self._available_bytes(device) >= needed_bytes:
                return
            self._evict(entry, idle_s=0.0)
            release_unused_memory()

    def _evict(self, entry: _Entry, *, idle_s: float) -> None:
        """Unless it is in use, being loaded, or was used since."""
        if entry.lock.acquire(blocking=False):
            try:
                if entry.users == 0 and self._now() - entry.idle_since_s >= idle_s:
                    entry.model = None
            finally:
                entry.lock.release()

    def _plan(self, device: str, found: checkpoint.Checkpoint, quality: Quality, control: Control) -> Plan:
        """The one chosen here before, else measured now."""
        torch.set_num_threads(self.cores.total)  # what is chosen doesn't depend on who happens to load
        book, machine = self._library.plans, select.machine(found, device)
        chosen = book.find(found.name, quality, machine)
        if chosen is None:
            control.progress(0.0, Message("measuring_model", {"model": found.name}))
            chosen = select.choose(found, quality, control.check, device)
            book.keep(found.name, quality, machine, chosen)
            release_unused_memory()
        if found.dims.n_text_state >= WORTH_COMPILING and not precompile.is_ready():
            precompile.begin()
        return chosen.plan

    def _download(self, name: str, control: Control) -> Path:
        def progress(received_bytes: int, total_bytes: int | None) -> None:
            percent = 100 * received_bytes // total_bytes if total_bytes else 0
            control.progress(0.0, Message("downloading_model", {"model": name, "percent": percent}))

        return self._library.download(name, progress, control.check)

    def evict_idle(self) -> None:
        """Give back the memory of models that nobody has used for the idle timeout."""
        with self._lock:
            entries = list(self._entries.values())
        for entry in entries:
            self._evict(entry, idle_s=self._idle_timeout_s)
        release_unused_memory()

    def _evict_later(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(self._idle_timeout_s, self.evict_idle)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._entries.clear()
        release_unused_memory()


def release_load_memory() -> None:
    """What loading a model left in memory."""
    drop_library_pages(LIBRARIES)
    release_unused_memory()


def as_out_of_memory(error: BaseException, model: str) -> BaseException:
    """OutOfMemory for what torch and Python raise where memory ran out; anything else as it is."""
    if isinstance(error, LocalWhisperError):
        return error
    is_memory = isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "memory" in str(error).lower()
    return OutOfMemory(model=model) if is_memory else error
