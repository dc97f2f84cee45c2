"""A job's decoded windows: a file with one line each, appended as they are decoded."""

import logging
from pathlib import Path

from localwhisper.atomic import append_durably, read_regular_file, storage_errors, truncate_durably
from localwhisper.jobs.transcript import Window
from localwhisper.store import schema

log = logging.getLogger(__name__)


def append_window(path: Path, window: Window, valid_bytes: int) -> int:
    """Append a window; returns the file's new size in bytes. Raises StorageFull, StorageUnwritable.

    `valid_bytes`: the size of the valid lines, as far as it is known; 0: not known.
    """
    size_bytes = path.lstat().st_size if path.exists() else 0
    if size_bytes != valid_bytes:
        # readers stop at the first invalid line, so nothing may be appended behind one
        with storage_errors(path):
            _, valid_bytes = read_windows(path)
        if valid_bytes < size_bytes:
            truncate_durably(path, valid_bytes)
    return append_durably(path, schema.dump_window(window) + b"\n")


def read_windows(path: Path) -> tuple[list[Window], int]:
    """Read the windows up to the first invalid line, and their size in bytes. Raises OSError.

    After a crash, the last line may lack its end. Any other invalid line is damage: the windows after it are decoded
    again by the next execution.
    """
    windows: list[Window] = []
    valid_bytes = 0
    for line in read_regular_file(path).splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        try:
            windows.append(schema.load_window(line))
        except schema.InvalidRecord as error:
            log.warning("job %s: window %d in %s is unreadable: %s", path.parent.name, len(windows), path.name, error)
            break
        valid_bytes += len(line)
    return windows, valid_bytes
