"""One server on one data directory: a lock that the system itself takes back when a process dies."""

import errno
import os
import sys
from pathlib import Path
from types import TracebackType

from localwhisper.errors import DataDirInUse
from localwhisper.store.atomic import storage_errors

FILE = "localwhisper.lock"
_TAKEN = frozenset({errno.EACCES, errno.EAGAIN, getattr(errno, "EDEADLOCK", errno.EAGAIN)})

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class DataDirLock:
    """Held from acquire() to release(), or inside a with; the file itself stays."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Raises DataDirInUse, StorageUnwritable."""
        with storage_errors(self._root):
            self._root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._root / FILE, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                _lock(descriptor)
            except OSError as error:
                os.close(descriptor)
                if error.errno in _TAKEN:
                    raise DataDirInUse(path=str(self._root)) from None
                raise
        self._descriptor = descriptor

    def release(self) -> None:
        """May be called any number of times."""
        if self._descriptor is not None:
            os.close(self._descriptor)  # which gives the lock back
            self._descriptor = None

    def __enter__(self) -> "DataDirLock":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
