"""Models of the server, for workers that get them nowhere else: a file in pieces, each asked for by the worker."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localwhisper.atomic import SHARED, move_durably, private_opener, storage_errors
from localwhisper.distributed.audio_copies import read_piece
from localwhisper.engine.checkpoints.catalogue import is_valid_name
from localwhisper.engine.checkpoints.model_source import Check, Progress, SourceFailed, sha256_of
from localwhisper.engine.checkpoints.published import weights_id
from localwhisper.errors import ModelNotFound, WorkerModel

CHECK_EVERY_S = 0.1
ASK_AGAIN_S = 30.0  # after a question without an answer: the execution for which it was asked may have ended


@dataclass(frozen=True)
class ModelFile:
    """A model that the server has. `weights`: see weights_id()."""

    name: str
    path: Path
    size_bytes: int
    weights: str

    def answer(self, offset: int) -> bytes:
        """The piece that begins there; at the file's end, its SHA-256. Nothing once it can't be read any more."""
        with suppress(OSError):
            if offset < self.size_bytes:
                return read_piece(self.path, offset)
            return sha256_of(self.path, lambda: None).encode()
        return b""


class ModelFiles:
    """The models of this machine. Each is read once, unless its file is replaced. Threading: SAFE."""

    def __init__(self, path_of: Callable[[str], Path | None]) -> None:
        """`path_of`: ModelLibrary.path()."""
        self._path_of = path_of
        self._weights: dict[tuple[Path, int, int], str] = {}

    def find(self, name: str) -> ModelFile | None:
        """None where the model isn't here."""
        with suppress(OSError, ModelNotFound):
            path = self._path_of(name)
            if path is not None:
                stat = path.stat()
                key = path, stat.st_size, stat.st_mtime_ns
                if key not in self._weights:
                    self._weights[key] = weights_id(path, name)
                return ModelFile(name, path, stat.st_size, self._weights[key])
        return None

    def compare(self, model: ModelFile) -> None:
        """Raises WorkerModel if the model of this name that is here has other weights."""
        own = self.find(model.name)
        if own is not None and own.weights != model.weights:
            raise WorkerModel(model=model.name)


class ServerModels:
    """A ModelSource, on the worker. Threading: SAFE."""

    name = "server"
    label = "the server"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offers: dict[str, tuple[ModelFile, Callable[[int], None]]] = {}  # by execution id
        self._asked: dict[tuple[str, int], Future[bytes]] = {}  # by model and offset

    # -- what the server offers with an execution ------------------------------------------

    def offer(self, execution_id: str, model: ModelFile, ask: Callable[[int], None]) -> None:
        """`ask` has the server answer() for an offset; it is called on any thread."""
        if is_valid_name(model.name):
            with self._lock:
                self._offers[execution_id] = model, ask

    def withdraw(self, execution_id: str) -> None:
        with self._lock:
            self._offers.pop(execution_id, None)

    def answered(self, model: str, offset: int, data: bytes) -> None:
        """May be called again with the same."""
        with self._lock:
            answer = self._asked.get((model, offset))
            if answer is not None and not answer.done():
                answer.set_result(data)

    # -- ModelSource -----------------------------------------------------------------------

    def size_bytes(self, model: str) -> int:
        return self._offered(model)[0].size_bytes

    def fetch(self, model: str, file: Path, progress: Progress, check: Check) -> None:
        partial, size_bytes = _partial_file(file), self.size_bytes(model)
        with storage_errors(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            if partial.is_symlink():
                partial.unlink()  # what it points to is not ours
            with open(partial, "ab", opener=lambda path, flags: private_opener(path, flags, SHARED)) as received:
                while (offset := received.tell()) < size_bytes:
                    piece = self._ask(model, offset, check)
                    if not piece:
                        break
                    received.write(piece)
                    progress(offset + len(piece), size_bytes)
            if self._ask(model, size_bytes, check).decode() != sha256_of(partial, check):
                partial.unlink()
                raise SourceFailed(f"{self.label}: its file was changed or removed meanwhile")
            move_durably(partial, file)

    def discard(self, file: Path) -> None:
        _partial_file(file).unlink(missing_ok=True)

    def _offered(self, model: str) -> tuple[ModelFile, Callable[[int], None]]:
        """Raises KeyError."""
        with self._lock:
            offers = [each for each in self._offers.values() if each[0].name == model]
        if not offers:
            raise KeyError(model)
        return offers[-1]

    def _ask(self, model: str, offset: int, check: Check) -> bytes:
        """Raises SourceFailed, and what `check` raises."""
        with self._lock:
            answer = self._asked[model, offset] = Future[bytes]()
        asked_s = 0.0
        try:
            while not answer.done():
                if time.monotonic() - asked_s > ASK_AGAIN_S:
                    _, ask = self._offered(model)
                    ask(offset)
                    asked_s = time.monotonic()
                check()
                wait([answer], CHECK_EVERY_S)
            return answer.result()
        except KeyError:
            raise SourceFailed(f"{self.label}: no longer connected") from None
        finally:
            with self._lock:
                del self._asked[model, offset]


def _partial_file(file: Path) -> Path:
    return file.with_suffix(".pt.server")
