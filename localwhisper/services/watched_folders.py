"""Transcribes new recordings in the folders that are watched, and writes their transcripts there.

Folders, and the jobs made of their recordings, are kept across restarts: a transcript that is finished after one is
still written, and recordings that arrived while the server was stopped are found when it starts.
"""

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from localwhisper.errors import (
    InvalidOption,
    JobNotFound,
    LocalWhisperError,
    QueueNotRunning,
    StorageFull,
    StorageUnwritable,
    WatchedFolderNotFound,
)
from localwhisper.export.about import About
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.events import Event, JobChanged, JobRemoved
from localwhisper.jobs.job import Job, JobState
from localwhisper.languages import languages
from localwhisper.services.file_jobs import FileJobs
from localwhisper.services.transcripts import Transcripts
from localwhisper.unicode_text import encodable
from localwhisper.watching.finished import FinishedRecordings, content_of
from localwhisper.watching.growing_files import complete_recordings
from localwhisper.watching.transcript_files import TranscriptFiles
from localwhisper.watching.watched_folders import WatchedFolder, WatchedFolderFile, WatchedJob, check_is_folder

SETTLE_S = 2.0
MAX_FOLDERS = 50
MAX_WAITING = 20  # jobs of a folder: as many recordings are copied; the others wait where they are
WAITING_S = 1.0  # until they are counted again
RETRY_S = 30.0  # after a full disk, for example
log = logging.getLogger(__name__)


class WatchedFolders:
    """Threading: the event loop's thread only; each folder is watched on a thread of its own."""

    def __init__(
        self,
        queue: JobQueue,
        transcripts: Transcripts,
        bus: EventBus,
        file: WatchedFolderFile,
        *,
        data_dir: Path,
        finished: Callable[[], FinishedRecordings],
        new_jobs: FileJobs,
    ) -> None:
        """`finished` is called on a thread."""
        self._queue = queue
        self._transcripts = transcripts
        self._file = file
        self._data_dir = data_dir
        self._open_finished = finished
        self._new_jobs = new_jobs
        self._stops: dict[str, threading.Event] = {}  # by the folder's id
        self._tasks: set[asyncio.Task[None]] = set()
        self._saver = ThreadPoolExecutor(1, thread_name_prefix="watched-folders")  # one save after the other
        self._n_unsaved = 0  # saves that have not ended
        self._writing = asyncio.Lock()
        self._taking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by the recording's path
        self.problems: dict[str, str] = {}  # the last one, by the folder's id
        self._unsubscribe = bus.subscribe(self._on_event)

    async def start(self) -> None:
        """Watch the folders of the last run, and write what was finished meanwhile."""
        self._files = TranscriptFiles(await asyncio.to_thread(self._open_finished))
        try:
            await asyncio.to_thread(self._file.load)
        except LocalWhisperError as error:
            log.error("no folder is watched: %s", error)
            return
        for job_id in list(self._file.jobs):
            try:
                job = self._queue.index.get(job_id)
            except JobNotFound:
                self._file.note_missing(job_id)
                continue
            if job.state is JobState.COMPLETED:
                self._begin(self._write(job))
        for folder in self.all():
            self._watch(folder)

    async def stop(self) -> None:
        self._unsubscribe()
        for stop in self._stops.values():
            stop.set()
        for task in self._tasks:
            task.cancel()
        if self._n_unsaved:
            try:
                await self._save()
            except LocalWhisperError as error:
                log.error("the watched folders were not saved: %s", error)
        self._saver.shutdown(wait=False)
        if hasattr(self, "_files"):
            self._files.close()

    def all(self) -> Sequence[WatchedFolder]:
        return [folder for folder in self._file.folders.values() if not folder.is_removed]

    async def add(
        self,
        path: str,
        options: Mapping[str, Any],
        *,
        formats: Sequence[str],
        output: str | None,
        skip: Sequence[str],
        existing: bool,
    ) -> WatchedFolder:
        """Raises InvalidOption, what reading options raises, StorageFull, StorageUnwritable."""
        await asyncio.to_thread(self._check, path, output)
        await self._new_jobs.check_options(options)
        if len(self.all()) >= MAX_FOLDERS:
            raise InvalidOption(field="path", value=path[:100], accepted=f"at most {MAX_FOLDERS} folders")
        folder = WatchedFolder(
            id=str(uuid.uuid4()),
            path=path,
            options=dict(options),
            formats=tuple(formats),
            output=output,
            skip=tuple(skip),
            since_ns=0 if existing else time.time_ns(),
        )
        self._file.folders[folder.id] = folder
        try:
            await self._save()
        except LocalWhisperError:
            del self._file.folders[folder.id]
            raise
        self._watch(folder)
        return folder

    async def remove(self, folder_id: str) -> None:
        """Watch a folder no more; its jobs go on, and their transcripts are still written. Raises
        WatchedFolderNotFound, StorageFull, StorageUnwritable."""
        if folder_id not in self._stops:
            raise WatchedFolderNotFound(folder_id=folder_id)
        self._stops.pop(folder_id).set()
        self.problems.pop(folder_id, None)
        self._file.folders[folder_id] = replace(self._file.folders[folder_id], is_removed=True)
        self._file.drop_removed()
        await self._save()

    def _check(self, path: str, output: str | None) -> None:
        """Raises InvalidOption."""
        check_is_folder("path", path)
        if output is not None:
            check_is_folder("output", output)
        if self._is_own(Path(path)):
            raise InvalidOption(field="path", value=path[:100], accepted="a folder outside localwhisper's own data")

    def _is_own(self, path: Path) -> bool:
        """Whether this leads into the data folder, whose recordings would become jobs again and again."""
        return path.resolve().is_relative_to(self._data_dir.resolve())

    async def _save(self) -> None:
        self._n_unsaved += 1
        await asyncio.get_running_loop().run_in_executor(self._saver, self._file.copy().save)
        self._n_unsaved -= 1

    # -- from recordings to jobs ---------------------------------------------------------

    def _watch(self, folder: WatchedFolder) -> None:
        stop, loop = threading.Event(), asyncio.get_running_loop()
        self._stops[folder.id] = stop

        def watch() -> None:
            path, is_new = Path(folder.path), folder.is_new
            for recording in complete_recordings(
                path, SETTLE_S, existing=True, is_new=is_new, once=False, note=log.warning, stop=stop
            ):
                if stop.is_set() or loop.is_closed():
                    return
                taken = threading.Event()
                loop.call_soon_threadsafe(self._begin_taking, folder, recording, taken)
                while not (stop.is_set() or taken.wait(0.5)):
                    pass

        threading.Thread(target=watch, name="watch", daemon=True).start()

    def _begin_taking(self, folder: WatchedFolder, recording: Path, taken: threading.Event) -> None:
        self._begin(self._take(folder, recording)).add_done_callback(lambda _: taken.set())

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _take(self, folder: WatchedFolder, recording: Path) -> None:
        """Queue a job for the recording, unless it is to be skipped, is done, or has a job."""
        lock = self._taking.setdefault(str(recording), asyncio.Lock())  # folders may contain each other
        while folder.id in self._stops:
            if self._n_waiting(folder) >= MAX_WAITING:
                await asyncio.sleep(WAITING_S)
                continue
            try:
                async with lock:
                    await self._take_now(folder, recording)
                self._forget_problem(folder.id, recording.name)
                return
            except (StorageFull, StorageUnwritable, QueueNotRunning) as error:
                self._note(folder.id, f"{recording.name}: {error}")
                await asyncio.sleep(RETRY_S)
            except (LocalWhisperError, OSError) as error:
                self._note(folder.id, f"{recording.name}: {error}")
                return

    async def _take_now(self, folder: WatchedFolder, recording: Path) -> None:
        if not folder.takes(recording) or await asyncio.to_thread(self._is_own, recording):
            return
        content = await asyncio.to_thread(content_of, recording)
        watched = WatchedJob(folder.id, str(recording), content)
        if any((job.source, job.content) == (watched.source, content) for job in self._file.jobs.values()):
            return
        if await asyncio.to_thread(self._files.is_done, folder, recording):
            return
        job_id = str(uuid.uuid4())
        self._file.jobs[job_id] = watched  # first, so that a crash makes no second job of it
        try:
            await self._save()
            await self._new_jobs.submit(job_id, recording, folder.options)
        except Exception:
            self._file.jobs.pop(job_id, None)
            raise
        if job_id in self._file.jobs:  # it may have ended
            self._file.jobs[job_id] = replace(self._file.jobs[job_id], is_queued=True)
            await self._save()

    def _n_waiting(self, folder: WatchedFolder) -> int:
        index, jobs = self._queue.index, self._file.jobs
        mine = [id for id, job in jobs.items() if job.folder_id == folder.id and id in index]
        return sum(not index.get(id).state.ended for id in mine)

    # -- from jobs to transcripts --------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        match event:
            case JobChanged(job=job) if job.id in self._file.jobs and job.state is JobState.COMPLETED:
                self._begin(self._write(job))
            case JobRemoved(job_id=job_id) if job_id in self._file.jobs:
                watched = self._file.jobs[job_id]
                self._file.jobs[job_id] = replace(watched, is_removed=True)
                self._begin(self._save())

    async def _write(self, job: Job) -> None:
        """Write a job's transcript; again and again, until it can be written or the job is removed."""
        while (watched := self._file.jobs.get(job.id)) is not None and not watched.is_removed:
            folder = self._file.folders.get(watched.folder_id)
            try:
                if folder is not None:
                    await self._write_now(folder, watched, job)
                self._forget_problem(watched.folder_id, job.filename)
                break
            except (LocalWhisperError, OSError) as error:
                self._note(watched.folder_id, f"{job.filename}: {error}")
                await asyncio.sleep(RETRY_S)
        else:
            return
        self._file.jobs.pop(job.id, None)
        self._file.drop_removed()
        await self._save()

    async def _write_now(self, folder: WatchedFolder, watched: WatchedJob, job: Job) -> None:
        transcript = await self._transcripts.get(job.id)
        about = About(
            filename=job.filename,
            created_at=job.created_at,
            duration_s=job.audio_duration,
            language_name=languages().get(transcript.language, ""),
        )
        async with self._writing:  # so that no two choose the same names
            await asyncio.to_thread(self._files.write, folder, watched, transcript, about)

    def _forget_problem(self, folder_id: str, filename: str) -> None:
        if self.problems.get(folder_id, "").startswith(encodable(f"{filename}: ")):
            del self.problems[folder_id]

    def _note(self, folder_id: str, problem: str) -> None:
        self.problems[folder_id] = encodable(problem)  # names of files may be no UTF-8
        log.warning("a watched folder: %s", self.problems[folder_id])
