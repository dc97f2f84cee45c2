"""One server per data directory: a lock that the system releases by itself when the process dies.

The lock file contains the machine's boot id while the lock is held, and is emptied when it is released. So the next
holder knows whether the previous one crashed, rather than the whole machine.
"""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from localwhisper.atomic import make_private_folder, private_opener, storage_errors
from localwhisper.errors import DataDirInUse

FILE = "localwhisper.lock"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TAKEN = frozenset({errno.EACCES, errno.EAGAIN, getattr(errno, "EDEADLOCK", errno.EAGAIN)})

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def boot_id() -> bytes:
    """Return a value that differs after each boot; always the same on systems that don't provide one."""
    try:
        return BOOT_ID.read_bytes().strip()
    except OSError:
        return b"unknown"


def _rewrite(descriptor: int, content: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.truncate(descriptor, 0)
    os.write(descriptor, content)


class DataDirLock:
    """Held from acquire() to release(), or inside a with block; the file itself is never removed.

    `found_crash`: whether the previous holder died while the machine kept running; on a system without boot_id(), also
    if the machine stopped.
    """

    found_crash = False

    def __init__(self, root: Path) -> None:
        self._root = root
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises DataDirInUse, StorageUnwritable."""
        with storage_errors(self._root):
            make_private_folder(self._root)
            descriptor = private_opener(str(self._root / FILE), os.O_RDWR | os.O_CREAT)
            try:
                _lock(descriptor)
            except OSError as error:
                os.close(descriptor)
                if error.errno in _TAKEN:
                    raise DataDirInUse(path=str(self._root)) from None
                raise
            self.found_crash = os.read(descriptor, 100) == boot_id()
            _rewrite(descriptor, boot_id())
        self._descriptor = descriptor

    def release(self) -> None:
        """Release the lock; may be called any number of times."""
        if self._descriptor is not None:
            with suppress(OSError):
                _rewrite(self._descriptor, b"")
            os.close(self._descriptor)  # releases the lock
            self._descriptor = None

    def __enter__(self) -> "DataDirLock":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
