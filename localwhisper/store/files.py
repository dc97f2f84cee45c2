"""Jobs as folders: <root>/jobs/<id>/{job.json, audio.*, segments.jsonl, transcript.json}, and optionally corrected.json
(the transcript with a person's corrections), waveform.json and, while speakers are searched for, speakers.chunks.

A job's folder is prepared in <root>/incoming and appears in jobs by one rename; it disappears in the same way. So
whenever the program crashes, a job exists completely or not at all.
"""

import logging
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from localwhisper import paths
from localwhisper.atomic import (
    fsync_file,
    fsync_folder,
    make_private_folder,
    move_durably,
    read_regular_file,
    remove_temporaries,
    storage_errors,
    write_atomically,
)
from localwhisper.errors import JobDamaged, JobNotFound, StorageUnwritable
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Transcript, Waveform, Window
from localwhisper.store import schema
from localwhisper.store.base import CORRECTED, EPOCH, DamagedJob, StampedText
from localwhisper.store.windows_file import append_window, read_windows

RECORD = "job.json"
WINDOWS = "segments.jsonl"
TRANSCRIPT = "transcript.json"
WAVEFORM = "waveform.json"
FORMAT = "store.json"  # in the root: the format of the newest version that wrote here
AUDIO_NAME = re.compile(r"audio(\.[A-Za-z0-9]{1,16})?")  # never one of the names above, never outside the folder

log = logging.getLogger(__name__)


class FileStore:
    """A JobStore. Touches no file before the first call; load_all() is the first call after a start."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._jobs = paths.jobs(root)
        self._incoming = paths.incoming(root)
        self._valid_bytes: dict[str, int] = {}  # by job id: size of the valid lines in WINDOWS, once known

    def load_all(self) -> tuple[list[Job], list[DamagedJob]]:
        """Read all jobs, and list those that can't be read. Removes what a crash left behind.

        Raises StorageUnwritable, or, without having changed anything, StoreTooNew if a newer version wrote here.
        """
        is_current = self._check_format()
        jobs: list[Job] = []
        damaged: list[DamagedJob] = []
        folders = self._folders()
        for job_id in folders:
            try:
                jobs.append(self._load(job_id))
            except (schema.InvalidRecord, OSError) as error:
                log.warning("job %s: %s is unreadable: %s", job_id, RECORD, error)
                damaged.append(self._damaged(job_id))
        self._clean(folders)
        if not is_current:
            with storage_errors(self._root):
                make_private_folder(self._root)
            write_atomically(self._root / FORMAT, b'{"format":%d}' % schema.FORMAT)
        return jobs, damaged

    def create(self, job: Job, upload: Path) -> None:
        record = schema.dump_job(job)
        if not AUDIO_NAME.fullmatch(job.audio_file):
            raise ValueError(f"not a valid name for a job's audio file: {job.audio_file!r}")
        folder = self._folder(job.id)
        staged = self._incoming / f"{job.id}.job"
        with storage_errors(folder):
            for parent in (self._root, self._jobs, self._incoming):
                make_private_folder(parent)
            staged.mkdir(0o700)
            created = staged
            try:
                fsync_file(upload)
                os.rename(upload, staged / job.audio_file)
                write_atomically(staged / RECORD, record)  # this syncs the folder too
                os.rename(staged, folder)
                created = folder
                fsync_folder(self._jobs)
            except BaseException:
                shutil.rmtree(created, ignore_errors=True)
                raise

    def save(self, job: Job) -> None:
        record = schema.dump_job(job)
        with self._existing(job.id) as folder:
            write_atomically(folder / RECORD, record)
            if job.state in (JobState.FAILED, JobState.CANCELLED):  # voiceprints are only for a search that goes on
                paths.speaker_chunks(folder / "audio").unlink(missing_ok=True)

    def append_window(self, job_id: str, window: Window) -> None:
        with self._existing(job_id) as folder:
            valid_bytes = self._valid_bytes.get(job_id, 0)
            self._valid_bytes[job_id] = append_window(folder / WINDOWS, window, valid_bytes)

    def windows(self, job_id: str) -> Sequence[Window]:
        """Return no windows if there is no file. Raises JobDamaged if it can't be read."""
        try:
            return read_windows(self._folder(job_id) / WINDOWS)[0]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JobDamaged(file=WINDOWS) from error

    def clear_windows(self, job_id: str) -> None:
        self._valid_bytes.pop(job_id, None)
        with self._existing(job_id) as folder, storage_errors(folder):
            for path in (folder / WINDOWS, folder / WAVEFORM, paths.speaker_chunks(folder / "audio")):
                path.unlink(missing_ok=True)
            fsync_folder(folder)

    def save_transcript(self, job_id: str, transcript: Transcript) -> None:
        with self._existing(job_id) as folder:
            write_atomically(
                folder / (CORRECTED if transcript.version else TRANSCRIPT), schema.dump_transcript(transcript)
            )

    def transcript(self, job_id: str, *, original: bool = False) -> Transcript:
        path = self._transcript_path(job_id, original)
        try:
            transcript = schema.load_transcript(read_regular_file(path))
            if path.name == CORRECTED and transcript.version < 1:
                raise schema.InvalidRecord("corrections without a version")
        except (OSError, schema.InvalidRecord) as error:
            raise JobDamaged(file=path.name) from error
        return transcript

    def _transcript_path(self, job_id: str, original: bool = False) -> Path:
        folder = self._folder(job_id)
        # a link that leads nowhere is damage too, not the absence of corrections
        return folder / (CORRECTED if not original and os.path.lexists(folder / CORRECTED) else TRANSCRIPT)

    def changed_texts(self, stamps: Mapping[str, str | None]) -> list[StampedText]:
        texts = []
        for job_id, known in stamps.items():
            try:
                path = self._transcript_path(job_id)
                status = path.lstat()  # before the text is read: if it changes in between, it is read again next time
                stamp = f"{path.name} {status.st_ino} {status.st_mtime_ns} {status.st_size}"
                if stamp != known:
                    text, speakers = schema.load_text(read_regular_file(path))
                    texts.append(StampedText(job_id=job_id, stamp=stamp, text=text, speakers=speakers))
            except (OSError, schema.InvalidRecord) as error:
                log.warning("job %s can't be searched: %s", job_id, error)
        return texts

    def set_corrections_aside(self, job_id: str) -> None:
        with self._existing(job_id) as folder:
            move_durably(folder / CORRECTED, folder / f"corrected.damaged-{uuid.uuid4().hex[:8]}.json")

    def save_waveform(self, job_id: str, waveform: Waveform) -> None:
        with self._existing(job_id) as folder:
            write_atomically(folder / WAVEFORM, schema.dump_waveform(waveform), durable=False)

    def waveform(self, job_id: str) -> Waveform | None:
        """Return the stored waveform; None also if its file is damaged, since it can be computed again."""
        try:
            return schema.load_waveform(read_regular_file(self._folder(job_id) / WAVEFORM))
        except FileNotFoundError:
            return None
        except (OSError, schema.InvalidRecord) as error:
            log.warning("job %s: %s is unreadable: %s", job_id, WAVEFORM, error)
            return None

    def audio_path(self, job: Job) -> Path:
        path = self._folder(job.id) / job.audio_file
        try:
            status = path.lstat()
            is_usable = bool(AUDIO_NAME.fullmatch(job.audio_file)) and stat.S_ISREG(status.st_mode)
            is_usable = is_usable and status.st_size > 0
        except OSError:
            is_usable = False
        if not is_usable:
            raise JobDamaged(file=job.audio_file or "audio")
        return path

    def remove(self, job_id: str) -> None:
        """Raises StorageUnwritable. The job is then still complete, or gone unless a power cut brings it back."""
        if not _is_id(job_id):
            return
        folder, removed = self._folder(job_id), self._incoming / f"{job_id}.removed"
        self._valid_bytes.pop(job_id, None)
        with storage_errors(folder):
            make_private_folder(self._incoming)
            shutil.rmtree(removed, ignore_errors=True)
            try:
                os.rename(folder, removed)
            except FileNotFoundError:
                return
            fsync_folder(self._jobs)
        shutil.rmtree(removed, ignore_errors=True)  # the next start removes what is left

    # -- internals -----------------------------------------------------------------------

    def _folder(self, job_id: str) -> Path:
        """Return the job's folder. Raises JobNotFound if this isn't an id, so that no other path is ever accessed."""
        if not _is_id(job_id):
            raise JobNotFound(job_id=job_id)
        return self._jobs / job_id

    @contextmanager
    def _existing(self, job_id: str) -> Iterator[Path]:
        folder = self._folder(job_id)
        if not folder.is_dir():
            raise JobNotFound(job_id=job_id)
        yield folder

    def _folders(self) -> list[str]:
        """Return the ids of all jobs. Raises StorageUnwritable."""
        for folder in (self._jobs, self._incoming):
            if folder.is_symlink():
                raise StorageUnwritable(path=str(folder), reason="it is a symbolic link")
        with storage_errors(self._jobs):
            try:
                with os.scandir(self._jobs) as entries:
                    return [
                        entry.name for entry in entries if _is_id(entry.name) and entry.is_dir(follow_symlinks=False)
                    ]
            except FileNotFoundError:
                return []

    def _load(self, job_id: str) -> Job:
        job = schema.load_job(read_regular_file(self._jobs / job_id / RECORD))
        if job.id != job_id or not AUDIO_NAME.fullmatch(job.audio_file):
            raise schema.InvalidRecord("the record belongs to another folder")
        return job

    def _damaged(self, job_id: str) -> DamagedJob:
        """Collect what is known of a job whose record is unreadable."""
        folder = self._jobs / job_id
        try:
            names = sorted(name for name in os.listdir(folder) if AUDIO_NAME.fullmatch(name))
            since = datetime.fromtimestamp(folder.stat().st_mtime, timezone.utc)
        except (OSError, ValueError, OverflowError):  # the latter of times out of range
            names, since = [], EPOCH
        return DamagedJob(job_id=job_id, file=RECORD, audio_file=names[0] if names else "", since=since)

    def _check_format(self) -> bool:
        """Whether the root states this version's format. Raises StoreTooNew."""
        try:
            return schema.check_format(schema.parse(read_regular_file(self._root / FORMAT))) == schema.FORMAT
        except (OSError, schema.InvalidRecord):
            return False  # each record states its own format

    def _clean(self, folders: Sequence[str]) -> None:
        """Remove uploads that never became jobs, jobs that were created or removed in part, and temporary files."""
        for entry in self._incoming.iterdir() if self._incoming.is_dir() else ():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                with suppress(OSError):
                    entry.unlink()
        for job_id in folders:
            remove_temporaries(self._jobs / job_id)


def _is_id(name: str) -> bool:
    """Whether this is a UUID in its canonical form."""
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
