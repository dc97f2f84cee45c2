"""Corrections of transcripts, one after the other, each on the version its author saw. Event loop's thread only."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from localwhisper.errors import InvalidOption, JobNotFinished, TranscriptChanged
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.corrections import Line, corrected
from localwhisper.jobs.events import TranscriptCorrected
from localwhisper.jobs.model import JobState, Transcript
from localwhisper.store.async_store import AsyncStore


class Corrections:
    def __init__(self, index: JobIndex, store: AsyncStore, bus: EventBus) -> None:
        self._index = index
        self._store = store
        self._bus = bus
        self._changing = asyncio.Lock()

    async def correct(self, job_id: str, version: int, at: int, remove: int, lines: Sequence[Line]) -> Transcript:
        """From line `at`, `remove` lines give way to these; the transcript of after.

        Raises JobNotFound, JobNotFinished, TranscriptChanged, InvalidOption, JobDamaged.
        """
        async with self._changing:
            current = await self._current(job_id, version)
            if at + remove > len(current.segments):
                raise InvalidOption(field="at", value=str(at), accepted=f"0 to {len(current.segments) - remove}")
            return await self._keep(job_id, corrected(current, at, remove, lines))

    async def undo_all(self, job_id: str, version: int) -> Transcript:
        """The machine's own text again, as a version of its own."""
        async with self._changing:
            current = await self._current(job_id, version)
            own = await self._store.transcript(job_id, original=True)
            return await self._keep(job_id, replace(own, version=current.version + 1))

    async def _current(self, job_id: str, version: int) -> Transcript:
        job = self._index.get(job_id)
        if job.state is not JobState.COMPLETED:
            raise JobNotFinished(state=job.state.value)
        current = await self._store.transcript(job_id)
        if current.version != version:
            raise TranscriptChanged(version=current.version)
        return current

    async def _keep(self, job_id: str, transcript: Transcript) -> Transcript:
        await self._store.save_transcript(job_id, transcript)
        self._bus.publish(TranscriptCorrected(job_id=job_id, transcript=transcript))
        return transcript
