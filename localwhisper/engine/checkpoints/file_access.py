"""Who may write the file of a checkpoint: one download at a time, which gives way to imports and removals."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CHECK_INTERVAL_S = 0.1
Check = Callable[[], None]


@dataclass
class _Access:
    """The access to one file."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    n_waiting: int = 0  # imports and removals


class _Superseded(Exception):
    """Ends a download for an import or a removal."""


class FileAccess:
    """Threading: SAFE."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._access: dict[str, _Access] = {}  # by file name

    def download(self, file: Path, receive: Callable[[Check], None], check: Check) -> bool:
        """Once no other download of the file is running, call `receive` unless the file exists.

        `receive` has to call its argument often. It raises what `check` raises, and ends the download when an import or
        a removal is waiting; download() then returns after that. Returns whether the file exists.
        """
        access = self._of(file)

        def check_access() -> None:
            check()
            if access.n_waiting:
                raise _Superseded

        while not access.lock.acquire(timeout=CHECK_INTERVAL_S):
            check()
        try:
            if not file.is_file():
                receive(check_access)
            return True
        except _Superseded:
            pass
        finally:
            access.lock.release()
        while access.n_waiting:
            check()
            time.sleep(CHECK_INTERVAL_S)
        return file.is_file()

    @contextmanager
    def exclusive(self, file: Path) -> Iterator[None]:
        """For an import or a removal: end a download of the file, and keep others from beginning."""
        access = self._of(file)
        with self._lock:
            access.n_waiting += 1
        try:
            with access.lock:
                yield
        finally:
            with self._lock:
                access.n_waiting -= 1

    def _of(self, file: Path) -> _Access:
        with self._lock:
            return self._access.setdefault(file.name, _Access())
