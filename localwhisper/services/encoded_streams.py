"""Recordings that come as a container, such as MediaRecorder's WebM: kept as they come, and decoded into the samples.

What has been answered is on the disk. After a crash it is decoded again, and what is new is added to the samples.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from localwhisper.atomic import append_durably
from localwhisper.audio.ffmpeg import SAMPLE_RATE, Ffmpeg
from localwhisper.audio.stream_decoder import StreamDecoder
from localwhisper.audio.wav import BYTES_PER_SAMPLE
from localwhisper.errors import (
    AudioInterrupted,
    AudioTooLong,
    AudioUnreadable,
    InvalidOption,
    LocalWhisperError,
    UploadTooLarge,
)

RECEIVED_FILE = "received.media"
COPY_BYTES = 1 << 20


class EncodedStreams:
    """Threading: the event loop's thread only."""

    def __init__(
        self, ffmpeg: Ffmpeg, add_samples: Callable[[str, int, bytes], Awaitable[int]], *, max_bytes: int
    ) -> None:
        """`add_samples`: see Recordings.append()."""
        self._ffmpeg = ffmpeg
        self._add_samples = add_samples
        self._max_bytes = max_bytes
        self._lock = asyncio.Lock()
        self._decodings: dict[str, _Decoding] = {}

    async def begin(self, audio: Path) -> None:
        """`audio`: the file with the recording's samples. Raises StorageFull, StorageUnwritable."""
        await asyncio.to_thread(append_durably, received_file(audio), b"")

    async def append(self, job_id: str, audio: Path, offset: int, data: bytes) -> int:
        """Add bytes of the container that begin at `offset`; returns how many there are. Those that were received
        already are ignored. Raises InvalidOption, UploadTooLarge, AudioUnreadable, StorageFull, StorageUnwritable, and
        what adding the samples raised."""
        async with self._lock:
            path = received_file(audio)
            size = path.stat().st_size
            if not 0 <= offset <= size:
                raise InvalidOption(field="offset", value=str(offset), accepted=f"0 to {size}")
            if offset + len(data) > self._max_bytes:
                raise UploadTooLarge(limit_bytes=self._max_bytes)
            decoding = await self._decoding(job_id, path)
            new = data[size - offset :]
            if new:
                size = await asyncio.to_thread(append_durably, path, new)
                await decoding.feed(new)
            return size

    async def complete(self, job_id: str, audio: Path) -> None:
        """Decode all that was received. Raises AudioUnreadable, AudioInterrupted, and what adding the samples
        raised."""
        async with self._lock:
            path = received_file(audio)
            if not path.exists():
                return
            for is_last in (False, True):  # once more from the beginning, if ffmpeg was killed
                decoding = await self._decoding(job_id, path)
                del self._decodings[job_id]
                try:
                    await decoding.complete()
                    break
                except AudioTooLong:  # what there is room for is kept
                    break
                except AudioInterrupted:
                    if is_last:
                        raise
            await asyncio.to_thread(path.unlink)

    async def _decoding(self, job_id: str, path: Path) -> "_Decoding":
        """That of a stream, which begins if there is none."""
        decoding = self._decodings.get(job_id)
        if decoding is None:
            decoding = _Decoding(await asyncio.to_thread(StreamDecoder, self._ffmpeg), job_id, self._add_samples)
            self._decodings[job_id] = decoding
            with open(path, "rb") as file:
                while block := await asyncio.to_thread(file.read, COPY_BYTES):
                    await decoding.feed(block)
        return decoding

    async def forget(self, job_id: str) -> None:
        """End the decoding of a stream that is gone."""
        decoding = self._decodings.pop(job_id, None)
        if decoding is not None:
            await decoding.stop()

    async def stop(self) -> None:
        """End all decoding; what was received is decoded after the next start."""
        for job_id in list(self._decodings):
            await self.forget(job_id)


class _Decoding:
    """The decoding of one stream. Threading: the event loop's thread only."""

    def __init__(
        self, decoder: StreamDecoder, job_id: str, add_samples: Callable[[str, int, bytes], Awaitable[int]]
    ) -> None:
        self._decoder = decoder
        self._job_id = job_id
        self._add_samples = add_samples
        self._error: LocalWhisperError | None = None
        self._n_bytes = 0
        self._task = asyncio.ensure_future(self._run())

    async def feed(self, data: bytes) -> None:
        if self._error is not None:
            raise self._error
        await asyncio.to_thread(self._decoder.feed, data)

    async def complete(self) -> None:
        """Raises AudioInterrupted, AudioUnreadable, and what adding the samples raised."""
        await asyncio.to_thread(self._decoder.end)
        await self._task
        is_read = self._error is None or not self._n_bytes  # else ffmpeg still waits for its samples to be read
        status = await asyncio.to_thread(self._decoder.status) if is_read else 0
        await self.stop()
        if status < 0:
            raise AudioInterrupted(status=status, done_s=self._n_bytes // (BYTES_PER_SAMPLE * SAMPLE_RATE))
        if self._error is not None:
            raise self._error

    async def stop(self) -> None:
        await asyncio.to_thread(self._decoder.close)
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        samples = self._decoder.samples()
        try:
            while block := await asyncio.to_thread(next, samples, b""):
                await self._add_samples(self._job_id, self._n_bytes, block)
                self._n_bytes += len(block)
            if not self._n_bytes:
                self._error = AudioUnreadable(reason="no audio could be decoded")
        except LocalWhisperError as error:
            self._error = error


def received_file(audio: Path) -> Path:
    return audio.with_name(RECEIVED_FILE)
