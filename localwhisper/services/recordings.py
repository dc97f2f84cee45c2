"""Recordings from a microphone, stored while they are made: a pending job whose audio grows until it is queued.

What has been answered is on the disk: after a crash of the page or of the server, the recording continues from there.
"""

import asyncio
import logging
import uuid
from pathlib import Path

from localwhisper.atomic import append_durably, overwrite_durably, truncate_durably
from localwhisper.audio.ffmpeg import SAMPLE_RATE, Ffmpeg
from localwhisper.audio.probe import probe
from localwhisper.audio.wav import BYTES_PER_SAMPLE, HEADER_BYTES, wav_header
from localwhisper.errors import (
    AudioTooLong,
    InvalidOption,
    JobDamaged,
    LocalWhisperError,
    RecordingEnded,
    UploadTooLarge,
)
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.job import Job, JobState
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.services.encoded_streams import EncodedStreams, received_file
from localwhisper.services.transcripts import Transcripts

AUDIO_FILE = "audio.wav"
ABANDONED_S = 30.0  # without a sign of life a stream is finished
UNFED_S = 600.0  # then a recording without a sample is removed
log = logging.getLogger(__name__)


class Recordings:
    """Samples are mono, 16 kHz, signed 16-bit little-endian. Threading: the event loop's thread only."""

    def __init__(
        self,
        queue: JobQueue,
        transcripts: Transcripts,
        *,
        incoming: Path,
        max_bytes: int,
        max_audio_s: float,
        ffmpeg: Ffmpeg,
    ) -> None:
        self._queue = queue
        self._transcripts = transcripts
        self._incoming = incoming
        self._max_bytes = max_bytes
        self._max_audio_s = max_audio_s
        self._ffmpeg = ffmpeg
        self._encoded = EncodedStreams(ffmpeg, self.append, max_bytes=max_bytes)
        self._lock = asyncio.Lock()
        self._timers: dict[str, asyncio.TimerHandle] = {}  # of streams, by job id
        self._recorders: dict[str, str] = {}  # who took a recording over, by job id

    async def load(self) -> None:
        """Measure the recordings that an earlier run of the program left. Half a sample at the end is cut off.

        Streams are expected to go on now. A recording whose audio is damaged stays as it is.
        """
        for job in list(self._queue.index):
            if job.state is JobState.PENDING:
                try:
                    await self._measure(job.id)
                except (LocalWhisperError, OSError) as error:
                    log.warning("the recording %s can't be continued: %s", job.id, error)
                else:
                    self._expect_samples(job)

    async def _measure(self, job_id: str) -> None:
        path = await self._path(job_id)
        size = path.stat().st_size
        if size > HEADER_BYTES and size % BYTES_PER_SAMPLE:
            size -= 1
            await asyncio.to_thread(truncate_durably, path, size)
        self._queue.measure_recording(job_id, _duration_s(size))

    async def begin(self, filename: str, options: Options, model_reason: Message, *, is_stream: bool = False) -> Job:
        """Create a pending job without samples. `is_stream`: it is finished unless more of it is expected in time.

        Raises StorageFull, StorageUnwritable, QueueNotRunning.
        """
        job_id = str(uuid.uuid4())
        upload = self._incoming / job_id
        await asyncio.to_thread(append_durably, upload, wav_header(0))
        job = await self._queue.begin_recording(
            job_id=job_id,
            filename=filename,
            upload=upload,
            audio_file=AUDIO_FILE,
            audio_duration=0.0,
            options=options,
            model_reason=model_reason,
            is_stream=is_stream,
        )
        self._expect_samples(job)
        return job

    def _expect_samples(self, job: Job) -> None:
        if job.is_stream:
            self.expect_more(job.id)
        asyncio.get_running_loop().call_later(UNFED_S, lambda: asyncio.ensure_future(self._remove_unfed(job.id)))

    async def append(self, job_id: str, offset: int, samples: bytes, recorder: str = "") -> int:
        """Add samples that begin `offset` bytes after the recording's begin; returns its size in bytes.

        Those that were already received are ignored, so that a request can be repeated. A `recorder` takes the
        recording over by a call without samples; those of another recorder, which may arrive late, are ignored then.
        Raises JobNotFound, JobDamaged, RecordingEnded, InvalidOption, UploadTooLarge, AudioTooLong, StorageFull,
        StorageUnwritable.
        """
        async with self._lock:
            path = await self._path(job_id)
            size = path.stat().st_size - HEADER_BYTES
            if recorder and not samples:
                self._recorders[job_id] = recorder
            if recorder and self._recorders.get(job_id, recorder) != recorder:
                return size
            if not 0 <= offset <= size:
                raise InvalidOption(field="offset", value=str(offset), accepted=f"0 to {size}")
            if offset + len(samples) > self._max_bytes:
                raise UploadTooLarge(limit_bytes=self._max_bytes)
            if _duration_s(offset + len(samples) + HEADER_BYTES) > self._max_audio_s:
                raise AudioTooLong(limit_s=round(self._max_audio_s))
            new = samples[size - offset :]
            if new:
                size = await asyncio.to_thread(append_durably, path, new) - HEADER_BYTES
                self._queue.measure_recording(job_id, _duration_s(size + HEADER_BYTES))
            return size

    async def begin_encoded(self, job_id: str) -> None:
        """The recording comes as a container. Raises JobNotFound, JobDamaged, RecordingEnded and storage errors."""
        await self._encoded.begin(await self._path(job_id))

    async def n_encoded_bytes(self, job_id: str) -> int | None:
        """How much of the container was received; None for a recording that comes as samples. Raises JobNotFound,
        JobDamaged."""
        path = received_file(await self._transcripts.audio_path(job_id))
        return await asyncio.to_thread(_size, path)

    async def append_encoded(self, job_id: str, offset: int, data: bytes) -> int:
        """As append(), but of the container's bytes. Also raises AudioUnreadable, FfmpegMissing."""
        return await self._encoded.append(job_id, await self._path(job_id), offset, data)

    async def finish(self, job_id: str) -> Job:
        """Queue the recording. Raises JobNotFound, JobDamaged, RecordingEnded, what probing raises, and storage
        errors."""
        await self._encoded.complete(job_id, await self._path(job_id))
        async with self._lock:
            path = await self._path(job_id)
            header = wav_header(path.stat().st_size - HEADER_BYTES)
            await asyncio.to_thread(overwrite_durably, path, header)
            info = await asyncio.to_thread(probe, self._ffmpeg, path, max_audio_s=self._max_audio_s)
            job = await self._queue.queue_recording(job_id, info.duration_s)
            self._recorders.pop(job_id, None)
        self.keep_open(job_id)
        return job

    async def stop(self) -> None:
        """End what runs for recordings, which go on after the next start."""
        for job_id in list(self._timers):
            self.keep_open(job_id)
        await self._encoded.stop()

    def expect_more(self, job_id: str, timeout_s: float | None = None) -> None:
        """Finish the recording unless this is called again in time, by default within ABANDONED_S. One without a
        sample is removed."""
        self.keep_open(job_id)
        loop = asyncio.get_running_loop()
        self._timers[job_id] = loop.call_later(
            ABANDONED_S if timeout_s is None else timeout_s,
            lambda: asyncio.ensure_future(self._finish_abandoned(job_id)),
        )

    def keep_open(self, job_id: str) -> None:
        """Don't finish a stream until expect_more() is called again."""
        timer = self._timers.pop(job_id, None)
        if timer is not None:
            timer.cancel()

    async def _finish_abandoned(self, job_id: str) -> None:
        try:
            if not await self._remove_unfed(job_id):
                await self.finish(job_id)
        except LocalWhisperError as error:  # it has ended, or its disk is full
            log.info("the stream %s could not be finished: %s", job_id, error)
        finally:
            await self._encoded.forget(job_id)

    async def _remove_unfed(self, job_id: str) -> bool:
        """Remove a recording that has no sample; return whether it had none."""
        try:
            async with self._lock:
                job = self._queue.index.get(job_id)
                is_unfed = job.state is JobState.PENDING and job.audio_duration == 0
                if is_unfed:
                    await self._queue.remove(job_id)
        except LocalWhisperError as error:
            log.info("the recording %s could not be removed: %s", job_id, error)
            return True
        return is_unfed

    async def _path(self, job_id: str) -> Path:
        job = self._queue.index.get(job_id)
        if job.state is not JobState.PENDING:
            raise RecordingEnded(state=job.state.value)
        path = await self._transcripts.audio_path(job_id)
        if path.stat().st_size < HEADER_BYTES:
            raise JobDamaged(file=AUDIO_FILE)
        return path


def _size(path: Path) -> int | None:
    """In bytes; None if there is no such file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _duration_s(file_bytes: int) -> float:
    return max(file_bytes - HEADER_BYTES, 0) / (BYTES_PER_SAMPLE * SAMPLE_RATE)
