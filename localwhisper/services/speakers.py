"""Finding the speakers of recordings that are transcribed already, without transcribing them again."""

import asyncio
import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from localwhisper import paths
from localwhisper.engine.base import Engine
from localwhisper.errors import InvalidOption, LocalWhisperError, MemoryFull, Stopped, is_memory_error
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobqueue.loop_priority import lower_thread_priority
from localwhisper.jobs.job import Job
from localwhisper.jobs.speaker_edits import carried_over
from localwhisper.jobs.speakers import by_channel
from localwhisper.jobs.transcript import Diarization, Speaker, Transcript
from localwhisper.logs import log_internal_error
from localwhisper.messages import Message
from localwhisper.options import OPTIONS, Options
from localwhisper.services.corrections import Corrections
from localwhisper.services.detection import StopControl
from localwhisper.services.transcripts import Transcripts
from localwhisper.services.word_times import WordTimes
from localwhisper.speaker_options import SpeakerOptions
from localwhisper.store.speaker_searches import SpeakerSearchFile

SEARCH_OPTIONS = tuple(each.name for each in fields(SpeakerOptions))
log = logging.getLogger(__name__)


class SearchControl(StopControl):
    """An engine's Control that keeps what was last reported. Threading: SAFE."""

    message = Message("job_queued")

    def progress(self, done_s: float, message: Message) -> None:
        super().progress(done_s, message)
        self.message = message


@dataclass(eq=False)
class SpeakerSearch:
    """One search in one recording, from the request to its end."""

    control: SearchControl
    is_recorded: asyncio.Event = field(default_factory=asyncio.Event)  # it continues after a crash
    error: Message | None = None  # why it failed
    task: "asyncio.Task[None] | None" = None

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()


class Speakers:
    """One search at a time, on a dedicated thread; the others wait. Threading: the event loop's thread only."""

    def __init__(
        self,
        index: JobIndex,
        transcripts: Transcripts,
        corrections: Corrections,
        word_times: WordTimes,
        engine: Engine,
        file: Path,
    ) -> None:
        """`file`: for the searches that are running."""
        self._index = index
        self._transcripts = transcripts
        self._corrections = corrections
        self._word_times = word_times
        self._engine = engine
        self._file = SpeakerSearchFile(file)
        self._is_stopping = False
        self._thread = ThreadPoolExecutor(1, "speakers", lower_thread_priority)
        self._searches: dict[str, SpeakerSearch] = {}  # by job id, the last one of each

    def search_in(self, job_id: str) -> SpeakerSearch | None:
        """The job's last search; None if there was none, or it succeeded. Raises JobNotFound."""
        self._index.get(job_id)
        return self._searches.get(job_id)

    async def start(self, job_id: str, options: Options) -> None:
        """Search in the background, as the options say; a search that is running in the job ends first.

        Raises JobNotFound, JobNotFinished, JobDamaged, InvalidOption.
        """
        job = self._index.get(job_id)
        transcript = await self._transcripts.get(job_id)
        if options.speakers == "channels" and not any(segment.channel for segment in transcript.segments):
            accepted = "auto or a number: this recording's channels were not transcribed separately"
            raise InvalidOption(field="speakers", value="channels", accepted=accepted)
        while (running := self.search_in(job_id)) is not None and running.is_running:  # one that began meanwhile, too
            await self.cancel(job_id)
        await self._begin(job, options).is_recorded.wait()

    async def resume(self) -> None:
        """Continue the searches that were running when the program ended."""
        for job_id, values in (await asyncio.to_thread(self._file.load)).items():
            try:
                job = self._index.get(job_id)
                wanted = {name: OPTIONS[name].from_json(values[name]) for name in SEARCH_OPTIONS if values.get(name)}
                self._begin(job, replace(job.options, **wanted))
            except LocalWhisperError as error:
                log.warning("the search for speakers in job %s is not continued: %s", job_id, error.code)
                await asyncio.to_thread(self._file.remove, job_id)

    def _begin(self, job: Job, options: Options) -> SpeakerSearch:
        search = self._searches[job.id] = SpeakerSearch(SearchControl(lambda: job.id not in self._index))
        search.task = asyncio.ensure_future(self._run(job, options, search))
        return search

    async def cancel(self, job_id: str) -> None:
        """End the job's search, if one is running. Raises JobNotFound."""
        search = self.search_in(job_id)
        if search is not None and search.task is not None:
            search.control.stop()
            await asyncio.wait([search.task])
            self._forget(job_id, search)

    async def _run(self, job: Job, options: Options, search: SpeakerSearch) -> None:
        try:
            await self._search_in(job, options, search)
        except Stopped:
            pass
        except LocalWhisperError as error:
            search.error = error.message
        except Exception as error:
            is_memory = is_memory_error(error)
            search.error = (MemoryFull() if is_memory else log_internal_error(log, error, "job %s", job.id)).message
        if search.error is None or job.id not in self._index:
            self._forget(job.id, search)

    async def _search_in(self, job: Job, options: Options, search: SpeakerSearch) -> None:
        wanted = {name: getattr(options, name) for name in SEARCH_OPTIONS}
        try:
            await asyncio.to_thread(self._file.add, job.id, wanted)
            search.is_recorded.set()
            if options.speakers == "channels":
                await self._corrections.edit(job.id, None, _by_channel)
            else:
                found = await self._find(job, options, search)
                await self._word_times.get(job.id)
                await self._corrections.edit(job.id, None, lambda current: _with_found(current, found))
        finally:
            search.is_recorded.set()
            if not self._is_stopping:
                await asyncio.to_thread(self._end, job.id, search)

    def _end(self, job_id: str, search: SpeakerSearch) -> None:
        """Nothing is to be continued. Raises StorageFull, StorageUnwritable."""
        if search.control.speakers_file is not None:
            search.control.speakers_file.unlink(missing_ok=True)
        self._file.remove(job_id)

    async def _find(self, job: Job, options: Options, search: SpeakerSearch) -> Diarization:
        audio = await self._transcripts.audio_path(job.id)
        search.control.speakers_file = paths.speaker_chunks(audio)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._search, audio, options, search.control)

    def _search(self, audio: Path, options: Options, control: SearchControl) -> Diarization:
        control.check()  # it may have been stopped while it waited
        return self._engine.find_speakers(audio, options, control)

    def _forget(self, job_id: str, search: SpeakerSearch) -> None:
        if self._searches.get(job_id) is search:
            del self._searches[job_id]

    async def stop(self) -> None:
        """Interrupt all searches, which continue at the next start. Their jobs stay as they were."""
        self._is_stopping = True
        for search in self._searches.values():
            search.control.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)
        tasks = [search.task for search in self._searches.values() if search.task is not None]
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def _with_found(current: Transcript, found: Diarization) -> Transcript:
    speakers = tuple(Speaker(id=each) for each in dict.fromkeys(turn.speaker for turn in found.turns))
    return carried_over(current, found.turns, speakers)


def _by_channel(current: Transcript) -> Transcript:
    return replace(by_channel(current), version=current.version + 1)
