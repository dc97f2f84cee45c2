"""Recordings from a microphone, stored while they are made: a pending job whose audio grows until it is queued.

What has been answered is on the disk: after a crash of the page or of the server, the recording continues from there.
"""

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path

from localwhisper.atomic import append_durably, overwrite_durably
from localwhisper.audio.ffmpeg import SAMPLE_RATE
from localwhisper.audio.probe import AudioInfo
from localwhisper.audio.wav import BYTES_PER_SAMPLE, HEADER_BYTES, wav_header
from localwhisper.errors import InvalidOption, RecordingEnded, UploadTooLarge
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.job import Job, JobState
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.services.transcripts import Transcripts

AUDIO_FILE = "audio.wav"


class Recordings:
    """Samples are mono, 16 kHz, signed 16-bit little-endian. Threading: the event loop's thread only."""

    def __init__(
        self,
        queue: JobQueue,
        transcripts: Transcripts,
        *,
        incoming: Path,
        max_bytes: int,
        probe: Callable[[Path], AudioInfo],
    ) -> None:
        self._queue = queue
        self._transcripts = transcripts
        self._incoming = incoming
        self._max_bytes = max_bytes
        self._probe = probe
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Measure the recordings that an earlier run of the program left."""
        for job in list(self._queue.index):
            if job.state is JobState.PENDING:
                path = await self._transcripts.audio_path(job.id)
                self._queue.measure_recording(job.id, _duration_s(path.stat().st_size))

    async def begin(self, filename: str, options: Options, model_reason: Message) -> Job:
        """Create a pending job without samples. Raises StorageFull, StorageUnwritable, QueueNotRunning."""
        job_id = str(uuid.uuid4())
        upload = self._incoming / job_id
        await asyncio.to_thread(append_durably, upload, wav_header(0))
        return await self._queue.begin_recording(
            job_id=job_id,
            filename=filename,
            upload=upload,
            audio_file=AUDIO_FILE,
            audio_duration=0.0,
            options=options,
            model_reason=model_reason,
        )

    async def append(self, job_id: str, offset: int, samples: bytes) -> int:
        """Add samples that begin `offset` bytes after the recording's begin; returns its size in bytes.

        Those that were already received are ignored, so that a request can be repeated. Raises JobNotFound,
        JobDamaged, RecordingEnded, InvalidOption, UploadTooLarge, StorageFull, StorageUnwritable.
        """
        async with self._lock:
            path = await self._path(job_id)
            size = path.stat().st_size - HEADER_BYTES
            if not 0 <= offset <= size:
                raise InvalidOption(field="offset", value=str(offset), accepted=f"0 to {size}")
            if offset + len(samples) > self._max_bytes:
                raise UploadTooLarge(limit_bytes=self._max_bytes)
            new = samples[size - offset :]
            if new:
                size = await asyncio.to_thread(append_durably, path, new) - HEADER_BYTES
                self._queue.measure_recording(job_id, _duration_s(size + HEADER_BYTES))
            return size

    async def finish(self, job_id: str) -> Job:
        """Queue the recording. Raises JobNotFound, JobDamaged, RecordingEnded, what probing raises, and storage
        errors."""
        async with self._lock:
            path = await self._path(job_id)
            header = wav_header(path.stat().st_size - HEADER_BYTES)
            await asyncio.to_thread(overwrite_durably, path, header)
            info = await asyncio.to_thread(self._probe, path)
            return await self._queue.queue_recording(job_id, info.duration_s)

    async def _path(self, job_id: str) -> Path:
        job = self._queue.index.get(job_id)
        if job.state is not JobState.PENDING:
            raise RecordingEnded(state=job.state.value)
        return await self._transcripts.audio_path(job_id)


def _duration_s(file_bytes: int) -> float:
    return max(file_bytes - HEADER_BYTES, 0) / (BYTES_PER_SAMPLE * SAMPLE_RATE)
