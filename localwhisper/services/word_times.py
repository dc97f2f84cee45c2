"""Word times of completed jobs that were transcribed without: computed at the first request, then stored with the job.

The text isn't decoded again: it is aligned with the audio.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from localwhisper.engine.base import Engine, NoControl
from localwhisper.errors import QueueNotRunning, Stopped
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobqueue.loop_priority import lower_thread_priority
from localwhisper.jobs.events import WordsAligned
from localwhisper.jobs.job import Job
from localwhisper.jobs.script_alignment import Align
from localwhisper.jobs.transcript import Segment, Transcript
from localwhisper.messages import Message
from localwhisper.services.corrections import Corrections
from localwhisper.services.transcripts import Transcripts

T = TypeVar("T")


class WordTimes:
    """One recording at a time. Threading: the event loop's thread only; text is aligned on one dedicated thread."""

    def __init__(
        self, index: JobIndex, transcripts: Transcripts, corrections: Corrections, engine: Engine, bus: EventBus
    ) -> None:
        self._index = index
        self._transcripts = transcripts
        self._corrections = corrections
        self._engine = engine
        self._bus = bus
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(1, "word-times", lower_thread_priority)
        self._tasks: dict[str, asyncio.Task[Transcript]] = {}  # by job id; shared by simultaneous requests

    async def get(self, job_id: str) -> Transcript:
        """Return a job's transcript, as last corrected, with the times of its words.

        Goes on if the caller is cancelled. Raises JobNotFound, JobNotFinished, JobDamaged, StorageFull,
        StorageUnwritable, what reading the audio and loading the model raise, and QueueNotRunning when the server
        stops.
        """
        transcript = await self._transcripts.get(job_id)
        if has_words(transcript):
            return transcript
        task = self._tasks.get(job_id)
        if task is None:
            task = self._tasks[job_id] = asyncio.ensure_future(self._compute(self._index.get(job_id)))
            task.add_done_callback(lambda _: self._tasks.pop(job_id))
        return await asyncio.shield(task)

    async def run(self, job: Job, language: str, work: Callable[[Align], T]) -> T:
        """Call work(align) on the dedicated thread; align(segments) is Engine.align() with the job's recording, whose
        progress is published. Raises as get()."""
        audio = await self._transcripts.audio_path(job.id)
        loop = asyncio.get_running_loop()
        control = _Control(
            is_stopped=lambda: self._stop.is_set() or job.id not in self._index,
            report=lambda done_s: loop.call_soon_threadsafe(self._report, job.id, done_s),
        )

        def align(segments: Sequence[Segment]) -> tuple[Segment, ...]:
            return self._engine.align(audio, job.options, language, segments, control)

        try:
            return await loop.run_in_executor(self._thread, work, align)
        except Stopped:
            self._index.get(job.id)  # raises JobNotFound
            raise QueueNotRunning from None
        finally:
            self._bus.publish(WordsAligned(job_id=job.id, progress=100.0))

    async def _compute(self, job: Job) -> Transcript:
        original = await self._transcripts.get(job.id, original=True)
        timed = original
        if not has_words(original):
            segments = await self.run(job, original.language, lambda align: align(original.segments))
            timed = replace(original, segments=tuple(segments))
        return await self._corrections.add_words(job.id, original, timed)

    def _report(self, job_id: str, done_s: float) -> None:
        if job_id in self._index:
            percent = 100 * done_s / max(self._index.get(job_id).audio_duration, 0.01)
            self._bus.publish(WordsAligned(job_id=job_id, progress=min(percent, 99.9)))

    def stop(self) -> None:
        self._stop.set()
        self._thread.shutdown(wait=False, cancel_futures=True)


def has_words(transcript: Transcript) -> bool:
    """Whether the words of all segments have times."""
    return all(segment.words is not None for segment in transcript.segments)


class _Control(NoControl):
    """The engine's Control. Threading: SAFE."""

    def __init__(self, *, is_stopped: Callable[[], bool], report: Callable[[float], object]) -> None:
        self._is_stopped = is_stopped
        self._report = report

    def check(self) -> None:
        if self._is_stopped():
            raise Stopped

    def progress(self, done_s: float, message: Message) -> None:
        self.check()
        self._report(done_s)
