"""Decoding one track of a media file to a stream of samples with their places in time."""

import queue
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from localwhisper.audio.channels import LEVEL_RATE, StereoLevels
from localwhisper.audio.ffmpeg import SAMPLE_RATE, Ffmpeg, FfmpegProcess
from localwhisper.audio.matroska import read_packets
from localwhisper.errors import AudioInterrupted, AudioTimeout, AudioUnreadable

BLOCK_BYTES = 1 << 18  # about 8 s
BLOCKS_AHEAD = 8
CHECK_INTERVAL_S = 0.2
EXIT_TIMEOUT_S = 10  # after its last sample
_LEVELS_FILTER = f"aresample={LEVEL_RATE}:filter_size=1"  # quick: aliases don't change levels and correlation
MIN_GAP_SAMPLES = SAMPLE_RATE // 5  # less is what clocks and encoders differ by
_SAMPLES_PER_MS = SAMPLE_RATE // 1000
_CANNOT_READ = re.compile(r"Error during demuxing: (Input/output error|Cannot allocate memory)")
_ENDS_EARLY = re.compile(
    r"partial file$|File ended prematurely|^\[in#0/(?!mpegts)[^\]]*\] Packet corrupt", re.MULTILINE
)


@dataclass(frozen=True)
class Source:
    """Which sound of a file to decode."""

    track: int | None = None  # number among its audio tracks, from 1; None: ffmpeg's choice, as in openai-whisper
    n_channels: int = 1  # to decode: 1 is the mix of all
    channel: int | None = None  # this one alone, from 0
    delay_s: float = 0.0  # see Track


class AudioBlock(NamedTuple):
    """Samples in a row. If `start` is past the end of the block before, nothing is stored in between."""

    start: int  # samples from the recording's beginning, as players count
    samples: NDArray[np.int16]  # 16 kHz; shape (n,), or (n, n_channels)

    @property
    def end(self) -> int:
        return self.start + len(self.samples)


class AudioDecoder:
    """One run of ffmpeg. Iterate over it once; what it has found out is complete after that.

    Where nothing is missing in time, the samples of a mix equal those of openai-whisper's load_audio().
    """

    def __init__(
        self,
        ffmpeg: Ffmpeg,
        path: Path,
        source: Source = Source(),
        *,
        check: Callable[[], None],
        max_audio_s: float,
        last_s: float = float("inf"),
        levels: StereoLevels | None = None,
        stall_timeout_s: float = 60,
    ) -> None:
        """Audio after `max_audio_s` is not decoded; a time after `last_s` can't be true. `levels`: of a stereo track,
        to be collected besides the mix."""
        self.end = 0  # of the samples decoded so far
        self.ends_early = False  # ffmpeg noticed that the rest of the file is missing
        self._ffmpeg = ffmpeg
        self._path = path
        self._source = source
        self._check = check
        self._max_audio_s = max_audio_s
        self._last_sample = last_s * SAMPLE_RATE
        self._levels = levels
        self._stall_timeout_s = stall_timeout_s
        self._blocks: queue.Queue[AudioBlock | None] = queue.Queue(BLOCKS_AHEAD)
        self._is_closed = threading.Event()

    def __iter__(self) -> Iterator[AudioBlock]:
        """Calls `check` at least every CHECK_INTERVAL_S; it may raise to stop. Of a damaged file, yields what can
        be decoded. Raises AudioUnreadable, AudioInterrupted, AudioTimeout, FfmpegMissing.
        """
        with self._ffmpeg.run(self._path, *self._arguments()) as process:
            assert process.stdout is not None
            reader = threading.Thread(target=self._read_blocks, args=(process.stdout,), daemon=True)
            reader.start()
            try:
                while (block := self._next_block()) is not None:
                    self.end = block.end
                    yield block
                self._check_ending(process)
            finally:
                self._is_closed.set()
                process.kill()
                reader.join()

    def _arguments(self) -> list[str]:
        source = self._source
        track = 0 if source.track is None else source.track - 1
        arguments = ["-v", "warning", "-max_error_rate", "1", "-t", str(self._max_audio_s)]
        if source.track is not None or self._levels is not None:
            arguments += ["-map", f"0:a:{track}"]
        if self._levels is not None:
            arguments += ["-map", f"0:a:{track}", "-ac:a:1", "2", "-filter:a:1", _LEVELS_FILTER]
        if source.channel is not None:
            arguments += ["-af", f"pan=mono|c0=c{source.channel}"]
        arguments += ["-ac:a:0", str(source.n_channels), "-ar:a:0", str(SAMPLE_RATE), "-vn", "-sn", "-dn"]
        arguments += ["-map_metadata", "-1", "-map_chapters", "-1", "-c:a", "pcm_s16le", "-f", "matroska", "-"]
        return arguments

    def _read_blocks(self, pipe: IO[bytes]) -> None:
        """Put blocks into the queue, with None at the end. Runs on a thread."""
        start = end = 0
        delay = round(self._source.delay_s * SAMPLE_RATE)
        parts: list[bytes] = []
        n_bytes = 0
        for packet in read_packets(pipe):
            if self._is_closed.is_set():
                return
            if packet.stream > 0:
                self._add_levels(packet.data)
                continue
            time = packet.time_ms * _SAMPLES_PER_MS + delay
            is_gap = time - end > MIN_GAP_SAMPLES and time <= self._last_sample
            if is_gap or n_bytes >= BLOCK_BYTES:
                self._put(self._block(start, parts))
                start = end = time if is_gap else end
                parts, n_bytes = [], 0
            parts.append(packet.data)
            n_bytes += len(packet.data)
            end += len(packet.data) // (2 * self._source.n_channels)
        self._put(self._block(start, parts))
        self._put(None)

    def _add_levels(self, data: bytes) -> None:
        assert self._levels is not None
        self._levels.add(np.frombuffer(data, np.dtype("<i2")).reshape(-1, 2))

    def _block(self, start: int, parts: list[bytes]) -> AudioBlock:
        samples = np.frombuffer(b"".join(parts), np.dtype("<i2")).astype(np.int16, copy=False)
        if self._source.n_channels > 1:
            samples = samples.reshape(-1, self._source.n_channels)
        return AudioBlock(start, samples)

    def _put(self, block: AudioBlock | None) -> None:
        if block is not None and not len(block.samples):
            return
        while not self._is_closed.is_set():
            try:
                self._blocks.put(block, timeout=CHECK_INTERVAL_S)
                return
            except queue.Full:
                continue

    def _next_block(self) -> AudioBlock | None:
        waited_s = 0.0
        while True:
            self._check()
            try:
                return self._blocks.get(timeout=CHECK_INTERVAL_S)
            except queue.Empty:
                waited_s += CHECK_INTERVAL_S
                if waited_s > self._stall_timeout_s:
                    raise AudioTimeout(timeout_s=round(self._stall_timeout_s)) from None

    def _check_ending(self, process: FfmpegProcess) -> None:
        """See whether ffmpeg has read everything that there is: what it wrote before it died is only a part."""
        try:
            status = process.wait(EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        self._ffmpeg.check()
        log = process.log()
        if _CANNOT_READ.search(log) or status < 0 or (status > 0 and self.end > 0):
            raise AudioInterrupted(status=status, done_s=self.end // SAMPLE_RATE)
        if self.end == 0:
            raise AudioUnreadable(reason="no audio could be decoded")
        self.ends_early = _ENDS_EARLY.search(log) is not None
