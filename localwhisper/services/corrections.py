"""Corrections of transcripts, one at a time, each applied to the version that its author saw."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from localwhisper.errors import InvalidOption, JobDamaged, TranscriptChanged
from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobs.corrections import Line, corrected, with_words
from localwhisper.jobs.events import TranscriptCorrected
from localwhisper.jobs.speakers import attributed, with_missing
from localwhisper.jobs.terms import Terms
from localwhisper.jobs.transcript import Transcript, Word
from localwhisper.services.transcripts import Transcripts
from localwhisper.store.async_store import AsyncStore
from localwhisper.store.base import CORRECTED


class Corrections:
    """Threading: the event loop's thread only."""

    def __init__(self, transcripts: Transcripts, store: AsyncStore, bus: EventBus) -> None:
        self._transcripts = transcripts
        self._store = store
        self._bus = bus
        self._lock = asyncio.Lock()

    async def correct(
        self, job_id: str, version: int, at: int, remove: int, lines: Sequence[Line], heard: Sequence[Word] = ()
    ) -> Transcript:
        """Replace `remove` segments, from number `at` on, by these lines; returns the new version.

        `heard`: see jobs.corrections.

        Raises JobNotFound, JobNotFinished, TranscriptChanged, InvalidOption, JobDamaged, StorageFull,
        StorageUnwritable.
        """
        async with self._lock:
            current = await self._current(job_id, version)
            check_range(len(current.segments), at, remove)
            return await self._save(job_id, await asyncio.to_thread(corrected, current, at, remove, lines, heard))

    async def replace_all(self, job_id: str, version: int, transcript: Transcript) -> Transcript:
        """Save another transcript as the version after `version`; returns it. Raises as correct()."""
        async with self._lock:
            current = await self._current(job_id, version)
            text = "".join(segment.text for segment in transcript.segments)
            return await self._save(job_id, replace(transcript, text=text, version=current.version + 1))

    async def edit(self, job_id: str, version: int | None, edit: Callable[[Transcript], Transcript]) -> Transcript:
        """Save what `edit` makes of the transcript, if that differs, which it returns as a later version; it runs on a
        thread.

        `version`: None for whichever is the latest. Raises what `edit` raises, and as correct().
        """
        async with self._lock:
            current = await self._transcripts.get(job_id) if version is None else await self._current(job_id, version)
            edited = await asyncio.to_thread(edit, current)
            return current if edited is current else await self._save(job_id, edited)

    async def apply_terms(
        self, job_id: str, version: int, terms: Terms, *, is_preview: bool = False
    ) -> tuple[Transcript, Transcript]:
        """Replace what the terms say. Returns the transcript before and after, which is the same if there is nothing to
        replace; of a preview, nothing is saved. Raises as correct()."""
        async with self._lock:
            current = await self._current(job_id, version)
            replaced = await asyncio.to_thread(terms.applied_to, current)
            if replaced is not current and not is_preview:
                replaced = await self._save(job_id, replaced)
            return current, replaced

    async def undo_all(self, job_id: str, version: int) -> Transcript:
        """Restore the machine's own text, as a new version; what is known of its speakers stays.

        Damaged corrections are set aside instead, whatever the version, and the transcript is at version 0 again.
        Raises as correct().
        """
        async with self._lock:
            try:
                current = await self._current(job_id, version)
            except JobDamaged as error:
                if error.file != CORRECTED:
                    raise
                original = await self._transcripts.get(job_id, original=True)
                await self._store.set_corrections_aside(job_id)
                self._bus.publish(TranscriptCorrected(job_id=job_id, transcript=original))
                return original
            original = await self._transcripts.get(job_id, original=True)
            restored = attributed(original, current.turns, current.speakers) if current.speakers else original
            return await self._save(job_id, replace(restored, version=current.version + 1))

    async def add_words(self, job_id: str, before: Transcript, timed: Transcript) -> Transcript:
        """Save the machine's transcript with word times, and those of the corrected version; returns the latest.

        `timed`: `before` with words. The version stays the same: no text has changed. Raises JobNotFound, JobDamaged,
        StorageFull, StorageUnwritable.
        """
        async with self._lock:
            current = await self._transcripts.get(job_id)
            if timed != before:
                await self._store.save_transcript(job_id, timed)
            if current.version == 0:
                current = timed
            else:
                current = await asyncio.to_thread(with_words, current, before, timed)
                await self._store.save_transcript(job_id, current)
        return current

    async def _current(self, job_id: str, version: int) -> Transcript:
        current = await self._transcripts.get(job_id)
        if current.version != version:
            raise TranscriptChanged(version=current.version)
        return current

    async def _save(self, job_id: str, transcript: Transcript) -> Transcript:
        transcript = await asyncio.to_thread(with_missing, transcript)
        await self._store.save_transcript(job_id, transcript)
        self._bus.publish(TranscriptCorrected(job_id=job_id, transcript=transcript))
        return transcript


def check_range(n_segments: int, at: int, n: int, name: str = "remove") -> None:
    """Check that these segments exist. Raises InvalidOption."""
    if at > n_segments:
        raise InvalidOption(field="at", value=str(at), accepted=f"0 to {n_segments}")
    if at + n > n_segments:
        raise InvalidOption(field=name, value=str(n), accepted=f"0 to {n_segments - at}")
