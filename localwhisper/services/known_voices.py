"""The voices that a user keeps, and whose they may be in other recordings.

Voiceprints are made from the recording when they are needed. Only those that are kept are stored.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

from localwhisper.engine.base import Engine
from localwhisper.errors import InvalidOption, QueueNotRunning, Stopped
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobqueue.loop_priority import lower_thread_priority
from localwhisper.jobs.known_voices import KnownVoice, Span, heard_alone, recognized
from localwhisper.jobs.speaker_edits import known_speaker
from localwhisper.services.detection import StopControl
from localwhisper.services.transcripts import Transcripts
from localwhisper.store.known_voices import KnownVoiceFile


class KnownVoices:
    """One recording at a time, on a dedicated thread. Threading: the event loop's thread only."""

    def __init__(self, index: JobIndex, transcripts: Transcripts, engine: Engine, file: Path) -> None:
        self._index = index
        self._transcripts = transcripts
        self._engine = engine
        self._file = KnownVoiceFile(file)
        self._thread = ThreadPoolExecutor(1, "known-voices", lower_thread_priority)
        self._controls: set[StopControl] = set()

    async def all(self) -> list[KnownVoice]:
        """Raises StorageUnwritable."""
        return await asyncio.to_thread(self._file.all)

    async def keep(self, job_id: str, speaker_id: str) -> KnownVoice:
        """Keep the voice of a job's speaker, who has a name.

        Raises JobNotFound, JobNotFinished, JobDamaged, InvalidOption, StorageFull, StorageUnwritable, what reading the
        audio raises, and QueueNotRunning when the server stops.
        """
        transcript = await self._transcripts.get(job_id)
        speaker = known_speaker(transcript, speaker_id)
        spans = heard_alone(transcript.turns).get(speaker_id)
        if not speaker.name or not spans:
            accepted = "one who has a name, and talks for some seconds while nobody else does"
            raise InvalidOption(field="speaker", value=speaker_id, accepted=accepted)
        voiceprints = await self._voiceprints(job_id, {speaker_id: spans})
        voice = KnownVoice(
            id=str(uuid4()),
            name=speaker.name,
            voiceprint=voiceprints[speaker_id],
        )
        await asyncio.to_thread(self._file.keep, voice)
        return voice

    async def suggestions(self, job_id: str) -> dict[str, KnownVoice]:
        """Who the speakers without a name may be, by their ids: known voices that no speaker of the job has yet.

        Raises as keep().
        """
        transcript = await self._transcripts.get(job_id)
        names = {each.name for each in transcript.speakers}
        voices = [voice for voice in await self.all() if voice.name not in names]
        unnamed = {each.id for each in transcript.speakers if not each.name}
        spans = {each: own for each, own in heard_alone(transcript.turns).items() if each in unnamed}
        if not voices or not spans:
            return {}
        return recognized(await self._voiceprints(job_id, spans), voices)

    async def forget(self, voice_id: str) -> None:
        """Raises KnownVoiceNotFound, StorageFull, StorageUnwritable."""
        await asyncio.to_thread(self._file.forget, voice_id)

    async def forget_all(self) -> None:
        """Raises StorageUnwritable."""
        await asyncio.to_thread(self._file.forget_all)

    async def _voiceprints(self, job_id: str, spans: Mapping[str, Sequence[Span]]) -> Mapping[str, tuple[float, ...]]:
        audio, options = await self._transcripts.audio_path(job_id), self._index.get(job_id).options
        control = StopControl(lambda: job_id not in self._index)
        self._controls.add(control)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._engine.voiceprints, audio, spans, options, control
            )
        except Stopped:
            self._index.get(job_id)  # raises JobNotFound
            raise QueueNotRunning from None
        finally:
            self._controls.discard(control)

    def stop(self) -> None:
        for control in self._controls:
            control.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)
