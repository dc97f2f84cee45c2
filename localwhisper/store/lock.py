"""One server per data directory: a lock that the system releases by itself when the process dies.

The lock file contains the machine's boot id and its counters of out-of-memory kills while the lock is held, and is
emptied when it is released. So the next holder knows how the previous one ended.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from localwhisper.atomic import make_private_folder, private_opener, storage_errors
from localwhisper.errors import DataDirInUse
from localwhisper.file_lock import try_lock
from localwhisper.jobs.suspicion import PreviousEnd
from localwhisper.store import crash_evidence

FILE = "localwhisper.lock"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MAX_HOLDER_BYTES = 10_000


def boot_id() -> str:
    """Return a value that differs after each boot; always the same on systems that don't provide one."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"


def _holder() -> bytes:
    """Describe this run, for the next holder of the lock."""
    return json.dumps({"boot_id": boot_id(), "oom_kills": crash_evidence.oom_kills()}).encode()


def _end_of(holder: bytes) -> PreviousEnd:
    """Return how a run ended that has left this description of itself."""
    if not holder:
        return PreviousEnd.CLEAN
    try:
        record = json.loads(holder)
        is_same_boot = record["boot_id"] == boot_id()
        is_out_of_memory = crash_evidence.has_risen(record["oom_kills"], crash_evidence.oom_kills())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return PreviousEnd.KILLED  # an earlier version wrote it, or a power cut left it incomplete
    return PreviousEnd.OUT_OF_MEMORY if is_same_boot and is_out_of_memory else PreviousEnd.KILLED


def _locked(descriptor: int) -> bool:
    """Lock the file, or close it. Raises OSError."""
    try:
        is_locked = try_lock(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    if not is_locked:
        os.close(descriptor)
    return is_locked


def _rewrite(descriptor: int, content: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.truncate(descriptor, 0)
    os.write(descriptor, content)


class DataDirLock:
    """Held from acquire() to release(), or inside a with block; the file itself is never removed.

    `previous_end`: how the previous holder ended, without what faulthandler knows.
    """

    previous_end = PreviousEnd.CLEAN

    def __init__(self, root: Path) -> None:
        self._root = root
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises DataDirInUse, StorageUnwritable."""
        with storage_errors(self._root):
            make_private_folder(self._root)
            descriptor = private_opener(str(self._root / FILE), os.O_RDWR | os.O_CREAT)
            if not _locked(descriptor):
                raise DataDirInUse(path=str(self._root))
            self.previous_end = _end_of(os.read(descriptor, MAX_HOLDER_BYTES))
            _rewrite(descriptor, _holder())
        self._descriptor = descriptor

    def renew(self) -> None:
        """Take the lock again if its file has been removed or replaced, since another program could take that one.

        Raises DataDirInUse if one has, StorageUnwritable.
        """
        held = self._descriptor
        if held is None:
            return
        with suppress(OSError):
            if os.path.samestat(os.fstat(held), os.stat(self._root / FILE)):
                return
        end = self.previous_end
        self.acquire()
        self.previous_end = end
        os.close(held)

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
