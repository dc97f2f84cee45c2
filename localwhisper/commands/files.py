"""Which recordings the arguments of a command name."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from localwhisper.atomic import storage_errors
from localwhisper.audio.media_types import is_pipe_or_device, is_recording
from localwhisper.errors import BadSetting, FileMissing, StorageUnwritable
from localwhisper.watching.targets import Task, TaskList, visible_files


def collect_tasks(sources: Sequence[str], output_dir: Path, tasks: TaskList) -> tuple[list[Task], list[Path]]:
    """A task for each recording, and the files of folders that aren't recordings.

    Recordings of a folder keep their relative paths. Raises FileMissing, BadSetting.
    """
    collected: list[Task] = []
    others: list[Path] = []
    for argument in sources:
        path = Path(argument)
        if not path.exists():
            raise FileMissing(path=argument)
        if is_pipe_or_device(path):
            raise BadSetting(name="FILE", value=argument, accepted="a file, a folder or, for a pipe, -")
        if not path.is_dir():
            collected.append(tasks.task(path, output_dir))
            continue
        for file in sorted(visible_files(path)):
            if is_recording(file):
                collected.append(tasks.task(file, output_dir / file.relative_to(path).parent))
            else:
                others.append(file)
    return collected, others


def check_folders(tasks: Iterable[Task]) -> None:
    """Create the folders of all transcripts, before the first minute of work. Raises StorageUnwritable, StorageFull."""
    for folder in {target.parent for task in tasks for target in task.targets.values()}:
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise StorageUnwritable(path=str(folder), reason="permission denied")
