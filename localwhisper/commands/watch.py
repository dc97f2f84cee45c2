"""localwhisper watch DIR: transcribe each new recording once it is complete, and write the transcript next to it."""

import argparse
from pathlib import Path

from localwhisper import paths
from localwhisper.commands.progress_bars import ProgressBars
from localwhisper.commands.transcribe import create_backend, transcribe_one
from localwhisper.errors import FileMissing
from localwhisper.settings import Settings
from localwhisper.watching.finished import FinishedRecordings
from localwhisper.watching.growing_files import complete_recordings
from localwhisper.watching.targets import TaskList, parse_formats


def run(options: argparse.Namespace, settings: Settings) -> int:
    folder = Path(options.folder)
    if not folder.is_dir():
        raise FileMissing(path=str(folder))
    formats = parse_formats(options.format)
    backend = create_backend(options, settings)
    finished = FinishedRecordings(paths.finished_recordings(settings.data_dir))
    # A file that was there before counts as the transcript if it is newer than the recording. If it is older, somebody
    # wrote it, or it is another recording's: it stays, and the transcript gets another name.
    tasks, named_alike = TaskList(formats, finished, keep_unknown=True), TaskList(formats, finished)
    bars = ProgressBars(0, 1)
    failed = 0
    try:
        complete = complete_recordings(
            folder, options.settle, existing=options.existing, once=options.once, note=bars.note
        )
        bars.note(f"Watching {folder} (Ctrl-C to stop)")  # what comes from now on isn't missed
        for path in complete:
            task, alike = (each.task(path, path.parent) for each in (tasks, named_alike))
            if not any(finished.is_done(path, each.targets.values()) for each in (task, alike)):
                failed += not transcribe_one(backend, task, bars, finished, options.verbose)
    except KeyboardInterrupt:
        backend.stop()
        raise
    finally:
        bars.close()
        backend.close()
        finished.close()
    return 1 if failed else 0
