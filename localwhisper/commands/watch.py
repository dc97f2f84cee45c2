"""localwhisper watch DIR: transcribe each new recording once it is complete, and write the transcript next to it."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from watchfiles import Change, watch

from localwhisper.audio.media_types import looks_like_media
from localwhisper.commands.files import Task, parse_formats, recordings, target_files
from localwhisper.commands.progress_bars import ProgressBars
from localwhisper.commands.transcribe import create_backend, transcribe_one
from localwhisper.errors import FileMissing
from localwhisper.settings import Settings

POLL_INTERVAL_MS = 200


class GrowingFiles:
    """Recordings that may still be written to: complete once size and time have been the same for `settle_s`."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._files: dict[Path, tuple[tuple[int, int], float]] = {}  # (size, modification time), unchanged since

    def __len__(self) -> int:
        return len(self._files)

    def add(self, path: Path, now_s: float) -> None:
        self._files.setdefault(path, ((-1, 0), now_s))

    def take_complete(self, now_s: float) -> list[Path]:
        """Remove and return the files that are complete by now."""
        complete = []
        for path, (size_and_time, since_s) in list(self._files.items()):
            try:
                stat = path.stat()
            except OSError:  # removed or renamed
                del self._files[path]
                continue
            if (stat.st_size, stat.st_mtime_ns) != size_and_time:
                self._files[path] = ((stat.st_size, stat.st_mtime_ns), now_s)
            elif stat.st_size and now_s - since_s >= self._settle_s:
                del self._files[path]
                complete.append(path)
        return complete


def run(options: argparse.Namespace, settings: Settings) -> int:
    folder = Path(options.folder)
    if not folder.is_dir():
        raise FileMissing(path=str(folder))
    formats = parse_formats(options.format)
    backend = create_backend(options, settings)
    bars = ProgressBars(0, 1)
    failed = 0
    try:
        bars.note(f"Watching {folder} (Ctrl-C to stop)")
        for path in complete_recordings(folder, options.settle, existing=options.existing, once=options.once):
            task = Task(path, target_files(path.stem, path.parent, formats))
            if not task.is_done:
                failed += not transcribe_one(backend, task, bars, options.verbose)
    except KeyboardInterrupt:
        backend.stop()
        raise
    finally:
        bars.close()
        backend.close()
    return 1 if failed else 0


def complete_recordings(folder: Path, settle_s: float, *, existing: bool, once: bool) -> Iterator[Path]:
    """Recordings as they become complete. Those that arrive while the caller is busy follow afterwards."""
    growing = GrowingFiles(settle_s)
    if existing:
        for path in sorted(recordings(folder)):
            growing.add(path, time.monotonic())
    # yields also without changes, since a file is complete when nothing changes any more
    for changes in watch(
        folder, watch_filter=_is_new, yield_on_timeout=True, rust_timeout=POLL_INTERVAL_MS, raise_interrupt=True
    ):
        for _, text in changes:
            growing.add(Path(text), time.monotonic())
        yield from growing.take_complete(time.monotonic())
        if once and not len(growing):
            return


def _is_new(change: Change, path: str) -> bool:
    return change is not Change.deleted and looks_like_media(Path(path))
