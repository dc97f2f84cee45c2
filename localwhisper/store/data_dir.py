"""The data directory as a whole: its folders, its lock, how its last use ended, and whether it can be written now."""

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

from localwhisper import paths
from localwhisper.atomic import make_private_folder, remove_temporaries, storage_errors, write_atomically
from localwhisper.errors import LocalWhisperError, StorageFull, StorageUnwritable
from localwhisper.jobs.suspicion import PreviousEnd
from localwhisper.messages import Message
from localwhisper.store.crash_evidence import FaultFile
from localwhisper.store.lock import DataDirLock

MIN_FREE_BYTES = 200 * 1024 * 1024
MIN_FREE_FILES = 100  # a job needs about ten
log = logging.getLogger(__name__)


class DataDir:
    """Used by one process from open() to close(). Blocks, but only briefly. Threading: one thread at a time."""

    def __init__(self, root: Path, *, faults_to_file: bool) -> None:
        """`faults_to_file`: the process belongs to this server, so its crashes are recorded here."""
        self._root = root
        self._lock = DataDirLock(root)
        self._fault_file = FaultFile(paths.faults(root)) if faults_to_file else None

    def open(self) -> PreviousEnd:
        """Create what is missing and take the lock; return how the previous run ended.

        Raises DataDirInUse, StorageUnwritable.
        """
        self._make_folders()
        self._lock.acquire()
        end = self._lock.previous_end
        if self._fault_file is not None:
            if self._fault_file.take_previous() and end is not PreviousEnd.CLEAN:
                end = PreviousEnd.CRASHED
            self._fault_file.start()
        log.log(logging.INFO if end is PreviousEnd.CLEAN else logging.WARNING, "the previous run was %s", end.value)
        # left by a power cut, on systems where these files have names
        for file in paths.spool(self._root).glob("pcm-*"):
            with suppress(OSError):
                file.unlink()
        remove_temporaries(paths.spool(self._root))
        return end

    def close(self) -> None:
        if self._fault_file is not None:
            self._fault_file.stop()
        self._lock.release()

    def problem(self) -> Message | None:
        """Return why jobs can't be stored now; None if all is well. Folders and a lock file that were removed while
        the program runs are made again."""
        try:
            if not os.access(self._root, os.W_OK | os.X_OK):
                reason = "it can't be written" if self._root.is_dir() else "it is missing"
                raise StorageUnwritable(path=str(self._root), reason=reason)
            self._make_folders()
            self._lock.renew()
            if _is_nearly_full(self._root):
                raise StorageFull
            _write_something(paths.spool(self._root))
        except LocalWhisperError as error:
            return error.message
        return None

    def _make_folders(self) -> None:
        """Raises StorageFull, StorageUnwritable."""
        for folder in (self._root, paths.jobs(self._root), paths.incoming(self._root), paths.spool(self._root)):
            with storage_errors(folder):
                make_private_folder(folder)


def _write_something(folder: Path) -> None:
    """Create a file and remove it: a disk that the kernel has stopped writing to after an error still says that it can
    be written. Raises StorageFull, StorageUnwritable."""
    file = folder / "health"
    write_atomically(file, b"0", durable=False)
    with storage_errors(file):
        file.unlink(missing_ok=True)


def _is_nearly_full(folder: Path) -> bool:
    """Whether there is little space left, or few files can be created. Raises StorageUnwritable."""
    with storage_errors(folder):
        if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
            return True
        if not hasattr(os, "statvfs"):  # Windows
            return False
        status = os.statvfs(folder)
        return bool(status.f_files > 0 and status.f_favail < MIN_FREE_FILES)  # 0 files: a system that has no limit
