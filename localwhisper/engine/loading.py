"""Checkpoints → weights in memory: loaded once, shared by all workers, given back when idle."""

import copy
import errno
import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import whisper
from torch import Tensor, nn
from whisper.model import AudioEncoder, ModelDimensions, MultiHeadAttention, TextDecoder, Whisper

from localwhisper.engine.base import Control
from localwhisper.engine.models import ModelLibrary
from localwhisper.errors import LocalWhisperError, ModelCorrupt, OutOfMemory
from localwhisper.messages import Message

CHECK_EVERY_S = 0.1
MOST_DIM = 200_000  # whisper's largest is its vocabulary of 51,866
MOST_LAYERS = 256  # whisper's large has 32


class Attention(MultiHeadAttention):  # type: ignore[misc]  # whisper has no types
    """whisper's attention, told by the module itself whether to keep its weights for word times.

    whisper's own switch sits on the class, so one thread's word times would change every other's decoding.
    """

    keeps_weights = False

    def qkv_attention(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        n_ctx, n_state = q.shape[1:]
        q, k, v = (x.view(*x.shape[:2], self.n_head, -1).permute(0, 2, 1, 3) for x in (q, k, v))
        if not self.keeps_weights:
            out = F.scaled_dot_product_attention(q, k, v, is_causal=mask is not None and n_ctx > 1)
            return out.permute(0, 2, 1, 3).flatten(start_dim=2), None
        scale = (n_state // self.n_head) ** -0.25
        scores = (q * scale) @ (k * scale).transpose(-1, -2)
        if mask is not None:
            scores = scores + mask[:n_ctx, :n_ctx]
        scores = scores.float()
        weights = F.softmax(scores, dim=-1).to(q.dtype)
        return (weights @ v).permute(0, 2, 1, 3).flatten(start_dim=2), scores.detach()


class Skeleton(Whisper):  # type: ignore[misc]
    """A Whisper that can be built without memory: its alignment heads come later."""

    def __init__(self, dims: ModelDimensions) -> None:
        nn.Module.__init__(self)
        self.dims = dims
        self.encoder = AudioEncoder(
            dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer
        )
        self.decoder = TextDecoder(
            dims.n_vocab, dims.n_text_ctx, dims.n_text_state, dims.n_text_head, dims.n_text_layer
        )


def attentions(model: Whisper) -> Iterator[Attention]:
    return (module for module in model.modules() if isinstance(module, Attention))


def replica(model: Whisper) -> Whisper:
    """A model of one's own on the same weights: whisper hangs a decode's state on the modules."""
    return copy.deepcopy(model, {id(tensor): tensor for tensor in [*model.parameters(), *model.buffers()]})


def check_checkpoint(path: Path, name: str) -> None:
    """Raises ModelCorrupt where it isn't one of openai-whisper's format."""
    _read(path, name)


def _read(path: Path, name: str) -> Whisper:
    """The model as the checkpoint has it, its tensors still mapped from the file."""
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        dims = ModelDimensions(**checkpoint["dims"])
        _check_dims(dims)
        with torch.device("meta"):
            model = Skeleton(dims)
        model.load_state_dict(checkpoint["model_state_dict"], assign=True)
    except MemoryError:
        raise
    except OSError as error:
        if error.errno != errno.EINVAL:  # that is a file that breaks off, mapped into memory
            raise
        raise ModelCorrupt(model=name, reason="it breaks off") from None
    except Exception as error:  # torch.load raises nearly everything for a file that isn't one
        raise ModelCorrupt(
            model=name, reason=str(error).splitlines()[0][:120] if str(error) else "unreadable"
        ) from None
    return model


def _check_dims(dims: ModelDimensions) -> None:
    """A model is built from them before its weights are looked at. Raises ValueError for what none can have."""
    for name, value in vars(dims).items():
        if type(value) is not int or not 0 < value <= MOST_DIM:
            raise ValueError(f"{name} can't be {value!r:.20}")
    for name in ("n_audio_layer", "n_text_layer"):
        if getattr(dims, name) > MOST_LAYERS:
            raise ValueError(f"{name} can't be {getattr(dims, name)}")


def load(path: Path, name: str, device: torch.device) -> Whisper:
    """As whisper.load_model: single precision weights, alignment heads by name."""
    model = _read(path, name)
    dims = model.dims
    # what no checkpoint holds
    model.decoder.mask = torch.full((dims.n_text_ctx, dims.n_text_ctx), float("-inf")).triu_(1)
    heads = torch.zeros(dims.n_text_layer, dims.n_text_head, dtype=torch.bool)
    heads[dims.n_text_layer // 2 :] = True
    model.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
    if (dump := whisper._ALIGNMENT_HEADS.get(name)) is not None:
        model.set_alignment_heads(dump)
    for module in model.modules():
        if isinstance(module, MultiHeadAttention):
            module.__class__ = Attention
    return model.float().requires_grad_(False).eval().to(device)


class _Entry:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.model: Whisper | None = None
        self.users = 0
        self.idle_since_s = 0.0


class ModelCache:
    """Threading: SAFE."""

    def __init__(
        self, library: ModelLibrary, *, idle_timeout_s: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._library = library
        self._idle_timeout_s = idle_timeout_s
        self._now = now
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._timer: threading.Timer | None = None
        self.loads = 0  # so far, for whoever counts

    def loaded(self) -> list[str]:
        """Names of the models in memory."""
        with self._lock:
            return [name for name, entry in self._entries.items() if entry.model is not None]

    @contextmanager
    def lease(self, name: str, control: Control) -> Iterator[Whisper]:
        """A replica for the caller's thread. Fetches and loads the checkpoint if need be, once for all who wait.

        Raises ModelNotFound, ModelDownloadFailed, ModelCorrupt or OutOfMemory.
        """
        with self._lock:
            entry = self._entries.setdefault(name, _Entry())
        while not entry.lock.acquire(timeout=CHECK_EVERY_S):
            control.check()
        try:
            if entry.model is None:
                entry.model = self._load(name, control)
            model = entry.model
            entry.users += 1
        finally:
            entry.lock.release()
        try:
            yield replica(model)
        finally:
            with entry.lock:
                entry.users -= 1
                entry.idle_since_s = self._now()
            self._evict_later()

    def _load(self, name: str, control: Control) -> Whisper:
        path = self._library.open_path(name)
        if path is None:
            path = self._download(name, control)
        control.progress(0.0, Message("loading_model", {"model": name}))
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        try:
            model = load(path, name, device)
        except (MemoryError, RuntimeError) as error:
            raise as_out_of_memory(error, name) from error
        self.loads += 1
        control.check()
        return model

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
            if entry.lock.acquire(blocking=False):
                try:
                    if entry.users == 0 and self._now() - entry.idle_since_s >= self._idle_timeout_s:
                        entry.model = None
                finally:
                    entry.lock.release()
        gc.collect()  # hooks leave cycles behind

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
        gc.collect()


def as_out_of_memory(error: BaseException, model: str) -> BaseException:
    """OutOfMemory for what torch and Python raise where memory ran out; anything else as it is."""
    if isinstance(error, LocalWhisperError):
        return error
    is_memory = isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "memory" in str(error).lower()
    return OutOfMemory(model=model) if is_memory else error
