"""Files that are written whole or not at all, and are on the disk when the call returns.

Every failure of the disk leaves here as StorageFull or StorageUnwritable.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localwhisper.errors import StorageFull, StorageUnwritable

TEMPORARY = ".tmp"  # what is added to a file's name while it is written
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """An OSError inside becomes StorageFull, or StorageUnwritable for this path."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise StorageUnwritable(path=str(path), reason=error.strerror or str(error)) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file by one with this content; durable when this returns.

    One call at a time for a path. Raises StorageFull, StorageUnwritable; the old content is then
    still there.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    with storage_errors(path):
        try:
            with open(temporary, "wb", opener=_private) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        fsync_folder(path.parent)


def append_durably(path: Path, data: bytes) -> int:
    """Add to the end of a file, which is made where there is none; returns its new size in bytes.

    Raises StorageFull, StorageUnwritable; the file then ends where it did before.
    """
    with storage_errors(path), open(path, "ab", buffering=0, opener=_private) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(file.fileno(), left) :]
            os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                file.truncate(size_bytes)
            raise
        if size_bytes == 0:
            fsync_folder(path.parent)  # the file may be new
        return size_bytes + len(data)


def truncate_durably(path: Path, size_bytes: int) -> None:
    """Cut a file off. Raises StorageFull, StorageUnwritable."""
    with storage_errors(path), open(path, "rb+") as file:
        file.truncate(size_bytes)
        os.fsync(file.fileno())


def fsync_file(path: Path) -> None:
    """Bring a file that someone else wrote to the disk. Raises OSError."""
    with open(path, "rb+") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def fsync_folder(path: Path) -> None:
    """Bring a folder's list of names to the disk, where the system can do that. Raises OSError."""
    if os.name == "nt":
        return  # Windows opens no folders; NTFS journals names by itself
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # some network and FUSE file systems can't, and have nothing better to offer
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
