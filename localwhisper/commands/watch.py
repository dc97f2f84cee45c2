"""localwhisper watch DIR: each new recording is transcribed once it is complete, its texts written beside it."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from watchfiles import Change, watch

from localwhisper.audio.media_types import looks_like_media
from localwhisper.commands.bars import Bars
from localwhisper.commands.files import Task, parse_formats, recordings, targets_of
from localwhisper.commands.transcribe import new_backend, one
from localwhisper.errors import FileMissing
from localwhisper.settings import Settings

LOOK_EVERY_MS = 200


class Arriving:
    """Recordings that are being written: complete once neither size nor time have changed for `settle_s`."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}  # (size, time) and since when

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, path: Path, now_s: float) -> None:
        self._seen.setdefault(path, ((-1, 0), now_s))

    def complete(self, now_s: float) -> list[Path]:
        """What is complete by now; each is given once."""
        done = []
        for path, (figures, since_s) in list(self._seen.items()):
            try:
                stat = path.stat()
            except OSError:  # gone, or renamed
                del self._seen[path]
                continue
            if (stat.st_size, stat.st_mtime_ns) != figures:
                self._seen[path] = ((stat.st_size, stat.st_mtime_ns), now_s)
            elif stat.st_size and now_s - since_s >= self._settle_s:
                del self._seen[path]
                done.append(path)
        return done


def run(options: argparse.Namespace, settings: Settings) -> int:
    folder = Path(options.folder)
    if not folder.is_dir():
        raise FileMissing(path=str(folder))
    formats = parse_formats(options.format)
    backend = new_backend(options, settings)
    bars = Bars(0, 1)
    failed = 0
    try:
        bars.note(f"Watching {folder} (Ctrl-C ends it)")
        for path in arrivals(folder, options.settle, existing=options.existing, once=options.once):
            task = Task(path, targets_of(path.stem, path.parent, formats))
            if not task.is_done:
                failed += not one(backend, task, bars, options.verbose)
    except KeyboardInterrupt:
        backend.stop()
        raise
    finally:
        bars.close()
        backend.close()
    return 1 if failed else 0


def arrivals(folder: Path, settle_s: float, *, existing: bool, once: bool) -> Iterator[Path]:
    """Recordings as they are complete; those that come while one is worked on follow it."""
    arriving = Arriving(settle_s)
    if existing:
        for path in sorted(recordings(folder)):
            arriving.add(path, time.monotonic())
    # polled also without a change: that nothing changes any more is what is waited for
    for changes in watch(
        folder, watch_filter=_is_new, yield_on_timeout=True, rust_timeout=LOOK_EVERY_MS, raise_interrupt=True
    ):
        for _, text in changes:
            arriving.add(Path(text), time.monotonic())
        yield from arriving.complete(time.monotonic())
        if once and not len(arriving):
            return


def _is_new(change: Change, path: str) -> bool:
    return change is not Change.deleted and looks_like_media(Path(path))
