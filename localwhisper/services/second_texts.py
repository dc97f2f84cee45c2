"""Second texts of a recording: jobs that transcribe another job's recording again, and what is taken over from them.

The recording isn't copied: both jobs have a link to it, so that either can be removed.
"""

import asyncio
import logging
import uuid
from collections.abc import Collection, Sequence
from pathlib import Path

from localwhisper.atomic import link_or_copy
from localwhisper.errors import InvalidOption, JobNotFinished, LocalWhisperError
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.corrections import Line
from localwhisper.jobs.differences import Difference, Spans, carried_over, differences, taken_over
from localwhisper.jobs.events import Event, JobChanged
from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.transcript import Transcript, Word
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.services.corrections import Corrections
from localwhisper.services.transcripts import Transcripts

log = logging.getLogger(__name__)


class SecondTexts:
    """Threading: the event loop's thread only; texts are compared on other threads."""

    def __init__(
        self, queue: JobQueue, transcripts: Transcripts, corrections: Corrections, bus: EventBus, *, incoming: Path
    ) -> None:
        self._queue = queue
        self._transcripts = transcripts
        self._corrections = corrections
        self._incoming = incoming
        self._carrying: set[asyncio.Task[None]] = set()
        bus.subscribe(self._on_event)

    async def transcribe_again(self, job_id: str, options: Options, model_reason: Message) -> Job:
        """Queue a job for the recording of one that has ended. Raises JobNotFound, JobNotFinished, JobDamaged,
        StorageFull, StorageUnwritable, QueueNotRunning."""
        job = self._queue.index.get(job_id)
        if not job.state.ended:
            raise JobNotFinished(state=job.state.value)
        audio = await self._transcripts.audio_path(job_id)
        new_id = str(uuid.uuid4())
        upload = self._incoming / new_id
        await asyncio.to_thread(link_or_copy, audio, upload)
        try:
            return await self._queue.submit(
                job_id=new_id,
                filename=job.filename,
                upload=upload,
                audio_file=job.audio_file,
                audio_duration=job.audio_duration,
                audio_tracks=job.audio_tracks,
                options=options,
                model_reason=model_reason,
                again_of=job.id,
            )
        finally:
            await asyncio.to_thread(upload.unlink, missing_ok=True)  # unless the store has moved it

    async def differences(self, job_id: str, other_id: str) -> tuple[Transcript, list[Difference]]:
        """Return a job's transcript, and where another job's differs from it; with its own id, where the machine's own
        text does. Raises JobNotFound, JobNotFinished, JobDamaged."""
        transcript = await self._transcripts.get(job_id)
        other, within = await self._other(job_id, other_id)
        return transcript, await asyncio.to_thread(_differences, transcript, other, within)

    async def take_over(
        self, job_id: str, other_id: str, version: int, ids: Collection[str]
    ) -> tuple[Transcript, int, int, int]:
        """Take over some of the differences. Returns the new transcript, the number of the first segment that was
        replaced, how many were, and by how many.

        Raises JobNotFound, JobNotFinished, JobDamaged, TranscriptChanged, InvalidOption, StorageFull,
        StorageUnwritable.
        """
        transcript, found = await self.differences(job_id, other_id)
        chosen = [difference for difference in found if difference.id in ids]
        missing = set(ids) - {difference.id for difference in chosen}
        if missing and transcript.version == version:
            raise InvalidOption(field="ids", value=min(missing)[:100], accepted="those of GET, with the same `with`")
        if not ids and transcript.version == version:
            return transcript, 0, 0, 0
        at, remove, lines = await asyncio.to_thread(taken_over, transcript.segments, chosen)
        heard = _words((await self._other(job_id, other_id))[0])
        corrected = await self._corrections.correct(job_id, version, at, remove, lines, heard)
        return corrected, at, remove, len(lines)

    async def _other(self, job_id: str, other_id: str) -> tuple[Transcript, Spans | None]:
        """The text to compare with, and which parts of the recording it is of; None: all."""
        job = self._queue.index.get(other_id)
        other = await self._transcripts.get(other_id, original=other_id == job_id)
        return other, _spans(job)

    # -- corrections made before ---------------------------------------------------------

    def load(self) -> None:
        """Finish what an earlier run of the program began."""
        for job in list(self._queue.index):
            self._begin_carrying(job)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, JobChanged):
            self._begin_carrying(event.job)

    def _begin_carrying(self, job: Job) -> None:
        """Give a second text the corrections of the first, once it is completed."""
        if job.state is JobState.COMPLETED and job.corrections_due:
            task = asyncio.ensure_future(self._carry_over(job))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _carry_over(self, job: Job) -> None:
        first_id = job.again_of or ""
        try:
            if first_id in self._queue.index:
                await self._correct_as(first_id, job.id)
            await self._queue.note_done(job, corrections_due=False)
        except LocalWhisperError as error:
            log.warning("job %s doesn't get the corrections of %s: %s", job.id, first_id, error)

    async def _correct_as(self, first_id: str, second_id: str) -> None:
        """Nothing, if that was done before. Raises what reading and correcting raise."""
        machine = await self._transcripts.get(first_id, original=True)
        corrected = await self._transcripts.get(first_id)
        if not corrected.version:
            return
        new = await self._transcripts.get(second_id)
        at, remove, lines = await asyncio.to_thread(_carried_over, machine, corrected, new)
        replaced = new.segments[at : at + remove]
        if [line.text.split() for line in lines] != [segment.text.split() for segment in replaced]:
            await self._corrections.correct(second_id, new.version, at, remove, lines, _words(corrected))


def _differences(transcript: Transcript, other: Transcript, within: Spans | None) -> list[Difference]:
    return list(differences(transcript.segments, other.segments, within))


def _carried_over(machine: Transcript, corrected: Transcript, new: Transcript) -> tuple[int, int, list[Line]]:
    return taken_over(new.segments, carried_over(machine.segments, corrected.segments, new.segments))


def _spans(job: Job) -> Spans | None:
    """The parts of the recording that a job transcribes; None: all of it."""
    if not job.options.has_clips:
        return None
    return [(start_s, job.audio_duration if end_s is None else end_s) for start_s, end_s in job.options.clips]


def _words(transcript: Transcript) -> Sequence[Word]:
    return [word for segment in transcript.segments for word in segment.words or ()]
