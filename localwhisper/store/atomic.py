"""Files that are written whole or not at all, and are on the disk when the call returns.

All are the user's alone (0600, folders 0700), and no symbolic link is followed.

Every failure of the disk leaves here as StorageFull or StorageUnwritable.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localwhisper.errors import StorageFull, StorageUnwritable

TEMPORARY = ".tmp"  # what is added to a file's name while it is written
FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """An OSError inside becomes StorageFull, or StorageUnwritable for this path."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
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
            with open(temporary, "wb", opener=private) as file:
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
    with storage_errors(path), open(path, "ab", buffering=0, opener=private) as file:
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
    with storage_errors(path), open(path, "rb+", opener=private) as file:
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


def read_whole(path: Path) -> bytes:
    """A file's content. Raises OSError, also for what is no plain file."""
    with open(path, "rb", opener=private) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a plain file", str(path))
        return file.read()


def make_private_folder(path: Path) -> None:
    """A folder for the user alone; nothing happens where it exists. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(0o700)
    except FileExistsError:
        if not path.is_dir():
            raise


def private(path: str, flags: int) -> int:
    """An opener. Doesn't wait for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o600)
