"""New recordings in a folder, once nobody writes to them any more."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from watchfiles import watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from localwhisper.audio.media_types import is_pipe_or_device, is_recording, looks_like_media
from localwhisper.watching.targets import recordings, visible_files

POLL_INTERVAL_MS = 200
SCAN_INTERVAL_S = 3.0  # also finds what the system didn't report: in new folders, on network drives, odd names
Stamp = tuple[int, int]  # size and modification time


class GrowingFiles:
    """Recordings that may still be written to: complete once size and time have been the same for `settle_s`.

    A file that changes after it was complete, such as a copy that had stalled, becomes complete once more.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._growing: dict[Path, tuple[Stamp, float]] = {}  # unchanged since
        self._complete: dict[Path, Stamp] = {}

    def __iter__(self) -> Iterator[Path]:
        return iter(self._growing)

    def __len__(self) -> int:
        return len(self._growing)

    def knows(self, path: Path) -> bool:
        return path in self._growing or path in self._complete

    def ignore(self, path: Path) -> None:
        """Regard the file as complete and taken as it is now."""
        stamp = _stamp(path)
        if stamp is not None:
            self._complete[path] = stamp

    def add(self, path: Path, now_s: float) -> None:
        stamp = _stamp(path)
        if stamp is not None and stamp != self._complete.get(path):
            self._growing.setdefault(path, (stamp, now_s))

    def stay_empty(self, now_s: float) -> bool:
        """Whether all that may still be written to have been empty for as long as it takes to be complete."""
        return all(not size and now_s - since_s >= self._settle_s for (size, _), since_s in self._growing.values())

    def take_complete(self, now_s: float) -> list[Path]:
        """Remove and return the files that are complete by now."""
        complete = []
        for path, (known, since_s) in list(self._growing.items()):
            stamp = _stamp(path)
            if stamp is None:  # removed or renamed
                del self._growing[path]
            elif stamp != known:
                self._growing[path] = (stamp, now_s)
            elif stamp[0] and now_s - since_s >= self._settle_s:
                del self._growing[path]
                self._complete[path] = stamp
                complete.append(path)
        return complete


def _stamp(path: Path) -> Stamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return None if is_pipe_or_device(path) else (stat.st_size, stat.st_mtime_ns)


def complete_recordings(
    folder: Path,
    settle_s: float,
    *,
    existing: bool,
    once: bool,
    note: Callable[[str], None],
    stop: threading.Event | None = None,
    is_new: Callable[[Path], bool] = lambda _: True,
) -> Iterator[Path]:
    """Recordings as they become complete, until `stop` is set. Those that arrive once this has returned, also while the
    caller is busy, follow afterwards. `existing`: also those that are there at the beginning. `is_new` says whether to
    take one that is there then, or is found later without having been reported: the folder may be a drive that is
    connected late."""
    growing = GrowingFiles(settle_s)
    for path in sorted(recordings(folder)):
        if existing and is_new(path):
            growing.add(path, time.monotonic())
        else:
            growing.ignore(path)
    return _take_growing(growing, folder, once=once, note=note, stop=stop or threading.Event(), is_new=is_new)


def _take_growing(
    growing: GrowingFiles,
    folder: Path,
    *,
    once: bool,
    note: Callable[[str], None],
    stop: threading.Event,
    is_new: Callable[[Path], bool],
) -> Iterator[Path]:
    """Add what changes, and yield what is complete."""
    scanned_s = time.monotonic()
    for changed in _changes(folder, note, stop):
        for path in changed:
            for file in sorted(recordings(path)) if path.is_dir() else [path]:
                if is_recording(file):
                    growing.add(file, time.monotonic())
        if time.monotonic() - scanned_s >= SCAN_INTERVAL_S:
            # by their names alone: opening each other file again and again would keep a network drive busy
            for file in sorted(filter(looks_like_media, visible_files(folder))):
                if growing.knows(file) or is_new(file):
                    growing.add(file, time.monotonic())
                else:
                    growing.ignore(file)
            scanned_s = time.monotonic()
        yield from growing.take_complete(time.monotonic())
        if once and growing.stay_empty(time.monotonic()):
            for file in growing:
                note(f"{file} is empty")
            return


def _changes(folder: Path, note: Callable[[str], None], stop: threading.Event) -> Iterator[list[Path]]:
    """What has changed, every POLL_INTERVAL_MS; an empty list, too, since a file is complete when nothing changes."""
    try:
        for changes in watch(
            folder,
            watch_filter=None,
            yield_on_timeout=True,
            rust_timeout=POLL_INTERVAL_MS,
            raise_interrupt=True,
            stop_event=stop,
        ):
            yield [Path(text) for _, text in changes]
    except (OSError, WatchfilesRustInternalError) as error:
        note(f"The system doesn't report changes ({error}); the folder is searched every {SCAN_INTERVAL_S:.0f} s")
    while not stop.wait(POLL_INTERVAL_MS / 1000):
        yield []
