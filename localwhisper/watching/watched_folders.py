"""The folders that a server watches, and the jobs it made of their recordings, in one file."""

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from localwhisper.atomic import move_durably, read_regular_file, write_atomically
from localwhisper.errors import InvalidOption, StorageUnwritable
from localwhisper.watching.finished import Content


def check_is_folder(field: str, path: str) -> None:
    """Raises InvalidOption."""
    if not (Path(path).is_absolute() and os.path.isdir(path)):
        raise InvalidOption(field=field, value=path[:100], accepted="the full path of a folder on this machine")


@dataclass(frozen=True, kw_only=True)
class WatchedFolder:
    id: str
    path: str
    options: Mapping[str, Any]  # of the jobs, as the API's JSON
    formats: tuple[str, ...]  # of the transcripts
    output: str | None  # the folder for them; None: beside each recording
    skip: tuple[str, ...]  # patterns of paths within the folder, such as raw/* and *.tmp.wav
    since_ns: int  # files that were there before aren't transcribed; 0: all are
    is_removed: bool = False  # it is watched no more, but transcripts of its jobs are still written

    def takes(self, recording: Path) -> bool:
        """Whether recordings of this name are to be transcribed."""
        inside = recording.relative_to(self.path).as_posix().casefold()
        return not any(fnmatchcase(inside, f"{pattern.casefold()}") for pattern in (*self.skip, *self._names))

    def is_new(self, recording: Path) -> bool:
        """Whether a recording came or changed after the folder was added, by its times. Of one that is seen to come
        they say nothing: the clock may have been set back."""
        try:
            stat = recording.stat()
        except OSError:  # removed meanwhile
            return False
        return max(stat.st_mtime_ns, stat.st_ctime_ns) >= self.since_ns  # the latter also of files moved here

    @property
    def _names(self) -> tuple[str, ...]:
        """A pattern without a slash is for names in any subfolder."""
        return tuple(f"*/{pattern}" for pattern in self.skip if "/" not in pattern)

    def output_folder(self, recording: Path) -> Path:
        parent = recording.parent
        return parent if self.output is None else Path(self.output) / parent.relative_to(self.path)


@dataclass(frozen=True)
class WatchedJob:
    """A job that was made of a recording, until its transcript has been written."""

    folder_id: str
    source: str
    content: Content
    is_queued: bool = False  # if there is no such job any more, it was removed
    is_removed: bool = False  # by the user: the recording isn't transcribed again unless it changes


@dataclass
class WatchedFolderFile:
    """What the file holds. load() and save() block; one caller at a time."""

    file: Path
    folders: dict[str, WatchedFolder] = field(default_factory=dict)  # by id
    jobs: dict[str, WatchedJob] = field(default_factory=dict)  # by the job's id

    def copy(self) -> "WatchedFolderFile":
        """For save() on another thread, while this one is changed."""
        return replace(self, folders=dict(self.folders), jobs=dict(self.jobs))

    def note_missing(self, job_id: str) -> None:
        """There is no such job: the program ended before it was queued, or the user removed it."""
        watched = self.jobs[job_id]
        if watched.is_queued or watched.is_removed:
            self.jobs[job_id] = replace(watched, is_removed=True)
        else:
            del self.jobs[job_id]

    def drop_removed(self) -> None:
        """Forget removed folders that have no jobs any more."""
        needed = {watched.folder_id for watched in self.jobs.values() if not watched.is_removed}
        for folder_id, folder in list(self.folders.items()):
            if folder.is_removed and folder_id not in needed:
                del self.folders[folder_id]
                self.jobs = {id: job for id, job in self.jobs.items() if job.folder_id != folder_id}

    def load(self) -> None:
        """Raises StorageUnwritable if the file is damaged; it is then kept under another name."""
        try:
            record = json.loads(read_regular_file(self.file))
            folders = [_folder(row) for row in record["folders"]]
            self.jobs = {
                job_id: WatchedJob(**{**row, "content": Content(**row["content"])})
                for job_id, row in record["jobs"].items()
            }
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            kept = self.file.with_name(f"watched-folders.damaged-{uuid.uuid4().hex[:8]}.json")
            move_durably(self.file, kept)
            raise StorageUnwritable(path=str(kept), reason=f"it is damaged: {type(error).__name__}") from error
        self.folders = {folder.id: folder for folder in folders}

    def save(self) -> None:
        """Raises StorageFull, StorageUnwritable."""
        record = {
            "folders": [asdict(folder) for folder in self.folders.values()],
            "jobs": {job_id: asdict(job) for job_id, job in self.jobs.items()},
        }
        write_atomically(self.file, json.dumps(record, indent=1).encode())


def _folder(row: Any) -> WatchedFolder:
    """Raises TypeError, KeyError or AttributeError if this isn't what was saved."""
    folder = WatchedFolder(**{**row, "formats": tuple(row["formats"]), "skip": tuple(row["skip"])})
    texts = (folder.id, folder.path, folder.output or "", *folder.formats, *folder.skip)
    is_valid = all(isinstance(text, str) for text in texts) and isinstance(folder.options, dict)
    if not is_valid or not isinstance(folder.since_ns, int):
        raise TypeError
    return folder
