"""Safe file operations: atomic replacement, durable appends, moves and truncation, private folders, careful reads.

Files are private to the user (0600, folders 0700) by default, and symbolic links are not followed. What is written is
synced to the disk unless the caller says otherwise. Disk errors are raised as StorageFull or StorageUnwritable, except
by functions that say they raise OSError.
"""

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from localwhisper.errors import StorageFull, StorageUnwritable

PRIVATE = 0o600
COPY_BYTES = 1 << 20  # at once
SHARED = 0o666  # minus the umask: the mode of files that belong to the user, not to us
DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_TEMPORARY_NAME = re.compile(r"\..*\.[0-9a-f]{16}\.tmp", re.DOTALL)


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn an OSError inside the block into StorageFull, or into StorageUnwritable for this path."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL_ERRNOS:
            raise StorageFull from error
        raise StorageUnwritable(path=str(path), reason=error.strerror or str(error)) from error


@contextmanager
def replace_atomically(path: Path, *, durable: bool = True, mode: int = PRIVATE) -> Iterator[Path]:
    """Yield the path of an empty file in the same folder; it replaces `path` when the block ends.

    If the block raises, the old content stays and the temporary file is removed. Without `durable` nothing is
    synced: a power cut may leave an empty file, which suits a cache whose reader ignores what it can't parse.

    Threading: SAFE, also among processes; the last one to finish wins. Raises StorageFull, StorageUnwritable.
    """
    temporary = path.with_name(f".{path.name[:32]}.{secrets.token_hex(8)}.tmp")  # 32: names have at most 255 bytes
    with storage_errors(path):
        try:
            with open(temporary, "xb", opener=partial(private_opener, mode=mode)):
                pass
            yield temporary
            if durable:
                fsync_file(temporary)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        if durable:
            fsync_folder(path.parent)


def write_atomically(path: Path, data: bytes, *, durable: bool = True, mode: int = PRIVATE) -> None:
    """Replace a file's content, as replace_atomically() does. Raises StorageFull, StorageUnwritable."""
    with replace_atomically(path, durable=durable, mode=mode) as temporary:
        temporary.write_bytes(data)


def move_durably(source: Path, target: Path) -> None:
    """Give a finished file its final name. Raises StorageFull, StorageUnwritable."""
    with storage_errors(target):
        fsync_file(source)
        os.replace(source, target)
        fsync_folder(target.parent)


def copy_private(source: Path, target: Path) -> None:
    """Copy a file's content to a new file, which is private. Raises StorageFull, StorageUnwritable, OSError."""
    with open(source, "rb") as file, storage_errors(target):
        make_private_folder(target.parent)
        try:
            with open(target, "xb", opener=private_opener) as copy:
                shutil.copyfileobj(file, copy, COPY_BYTES)
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file's content a second path: without copying it, where the file system can. Neither path needs the other.

    Raises StorageFull, StorageUnwritable.
    """
    with storage_errors(target):
        make_private_folder(target.parent)
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            copy_private(source, target)


def remove_temporaries(folder: Path) -> None:
    """Remove the temporary files that writes cut short by a crash left in this folder. Ignores errors."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if _TEMPORARY_NAME.fullmatch(name):
                with suppress(OSError):
                    (folder / name).unlink()


def append_durably(path: Path, data: bytes) -> int:
    """Append to a file, which is created if it is missing; returns its new size in bytes.

    Raises StorageFull, StorageUnwritable; the file then ends where it did before.
    """
    with storage_errors(path), open(path, "ab", buffering=0, opener=private_opener) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        try:
            unwritten = memoryview(data)
            while unwritten:
                unwritten = unwritten[os.write(file.fileno(), unwritten) :]
            os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                file.truncate(size_bytes)
            raise
        if size_bytes == 0:
            fsync_folder(path.parent)  # the file may be new
        return size_bytes + len(data)


def overwrite_durably(path: Path, data: bytes) -> None:
    """Replace the first bytes of a file. Raises StorageFull, StorageUnwritable."""
    with storage_errors(path), open(path, "rb+", buffering=0, opener=private_opener) as file:
        file.write(data)
        os.fsync(file.fileno())


def truncate_durably(path: Path, size_bytes: int) -> None:
    """Cut a file to a size. Raises StorageFull, StorageUnwritable."""
    with storage_errors(path), open(path, "rb+", opener=private_opener) as file:
        file.truncate(size_bytes)
        os.fsync(file.fileno())


def fsync_file(path: Path) -> None:
    """Flush a file written elsewhere to the disk. Raises OSError."""
    with open(path, "rb+") as file:  # Windows flushes only files that are open for writing
        os.fsync(file.fileno())


def fsync_folder(path: Path) -> None:
    """Flush a folder's entries to the disk, where the system can. Raises OSError."""
    if os.name == "nt":
        return  # Windows can't open folders; NTFS journals names by itself
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # some network and FUSE file systems can't, and offer nothing better
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)


def read_regular_file(path: Path) -> bytes:
    """A file's content. Raises OSError, also for symbolic links, pipes, devices and folders."""
    with open(path, "rb", opener=private_opener) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return file.read()


def is_regular_file(path: Path) -> bool:
    """Whether there is a file, and not a symbolic link to one."""
    return path.is_file() and not path.is_symlink()


def make_private_folder(path: Path) -> None:
    """Create a folder that only the user can enter, unless it exists. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(0o700)
    except FileExistsError:
        if not path.is_dir():
            raise


def private_opener(path: str, flags: int, mode: int = PRIVATE) -> int:
    """An opener for open(): follows no symbolic link and never blocks on a pipe."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), mode)
