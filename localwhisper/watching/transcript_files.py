"""The transcripts of recordings in a watched folder: whether they are there, and writing them."""

from collections.abc import Mapping
from pathlib import Path

from localwhisper.atomic import SHARED, write_atomically
from localwhisper.export.about import About
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Layout
from localwhisper.watching.finished import FinishedRecordings
from localwhisper.watching.targets import Task, TaskList
from localwhisper.watching.watched_folders import WatchedFolder, WatchedJob


class TranscriptFiles:
    """Blocking. Threading: is_done() is SAFE; one caller of write() at a time, so that no two choose the same names."""

    def __init__(self, finished: FinishedRecordings) -> None:
        self._finished = finished

    def is_done(self, folder: WatchedFolder, recording: Path) -> bool:
        tasks = (self._task(folder, recording, keep_unknown=keep_unknown) for keep_unknown in (False, True))
        return any(self._finished.is_done(recording, task.targets.values()) for task in tasks)

    def write(self, folder: WatchedFolder, watched: WatchedJob, transcript: Transcript, about: About) -> None:
        """Raises StorageFull, StorageUnwritable, OSError."""
        contents = {name: EXPORTERS[name].to_bytes(transcript, Layout(), about) for name in folder.formats}
        task = self._task(folder, Path(watched.source), keep_unknown=True, contents=contents)
        for name, target in task.targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, contents[name], mode=SHARED)
            self._finished.add(task.source, watched.content, [target])

    def _task(
        self, folder: WatchedFolder, recording: Path, *, keep_unknown: bool, contents: Mapping[str, bytes] | None = None
    ) -> Task:
        """`keep_unknown`: no file that was not written here is replaced; somebody may have written it by hand."""
        tasks = TaskList(folder.formats, self._finished, keep_unknown=keep_unknown, contents=contents)
        return tasks.task(recording, folder.output_folder(recording))

    def close(self) -> None:
        self._finished.close()
