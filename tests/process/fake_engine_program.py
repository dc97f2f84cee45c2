"""localwhisper with a fast fake engine: python -m tests.process.fake_engine_program [the usual flags].

Recordings of certain lengths crash the program or hang the engine. SLOW_DISK_S slows down every fsync by so many
seconds. VMSTAT is read in place of the kernel's counters.
"""

import ctypes
import os
import signal
import sys
import time
import wave
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from localwhisper import app, cli
from localwhisper.atomic import private_opener, storage_errors
from localwhisper.engine.base import BatchSource, Control, Engine
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Detection, Diarization, Segment, Transcript, Turn, Window, segments_of
from localwhisper.jobs.word_times import spread_words
from localwhisper.messages import Message
from localwhisper.options import Options
from localwhisper.store import crash_evidence
from tests.speech_sink import FirstSecond
from tests.step_engine import SecondsTranscriber, window

CRASH_S = 2.5
OUT_OF_MEMORY_S = 2.25
MUCH_MEMORY_S = 2.75
HANG_S = 4.5
N_WINDOWS = 3
LONG_S = 20.0  # a recording of at least this length has one window per second
WINDOW_S = 0.1
START_FILE = "go"  # in the data directory
DECODED_LOG = "decoded"  # in the data directory: one line for each decoded window, written before it is reported


class FakeEngine:
    """Waits until START_FILE exists in the data directory.

    A recording of CRASH_S crashes the process in its second window, by a segmentation fault. One of OUT_OF_MEMORY_S
    kills it there, as the system's out-of-memory killer would, and one of MUCH_MEMORY_S too, unless the execution has
    the smallest footprint. For a recording of HANG_S, loading the model never ends
    and can't be stopped.
    """

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        control.progress(0.0, Message("loading_model", {"model": options.model}))
        with wave.open(str(audio)) as file:
            duration_s = file.getnframes() / file.getframerate()
        if duration_s == HANG_S:
            time.sleep(600)
        data_dir, windows = audio.parents[2], list(done)
        n_windows = N_WINDOWS if duration_s < LONG_S else int(duration_s)
        while len(windows) < n_windows:
            time.sleep(WINDOW_S)
            control.check()
            if not (data_dir / START_FILE).exists():
                continue
            if duration_s == CRASH_S and len(windows) == 1:
                ctypes.string_at(0)
            is_too_large = duration_s == MUCH_MEMORY_S and footprint is not Footprint.SMALLEST
            if (duration_s == OUT_OF_MEMORY_S or is_too_large) and len(windows) == 1:
                crash_evidence.VMSTAT.write_text(f"pgfault 12\noom_kill {_n_kills() + 1}\n")
                os.kill(os.getpid(), signal.SIGKILL)
            decoded = data_dir / DECODED_LOG
            with storage_errors(decoded), open(decoded, "a", opener=private_opener) as file:
                file.write(f"{audio.parent.name} {len(windows)}\n")
            windows.append(window(len(windows)))
            control.window(windows[-1])
        segments = segments_of(windows)
        return Transcript(text="whole", language="en", segments=segments, processing_time=1.0)

    def open_live(self, options: Options, control: Control) -> SecondsTranscriber:
        return SecondsTranscriber(control)

    def help(self, audio: Path, options: Options, run: bytes, batches: BatchSource, control: Control) -> None:
        """Nobody asks for it: that takes a cluster."""

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        return Detection(language="en", probability=1.0)

    def align(
        self, audio: Path, options: Options, language: str, segments: Sequence[Segment], control: Control
    ) -> tuple[Segment, ...]:
        return tuple(replace(each, words=spread_words(each)) for each in segments)

    def find_speakers(self, audio: Path, options: Options, control: Control) -> Diarization:
        return Diarization(turns=(Turn(start=0.0, end=1.0, speaker="S1"), Turn(start=1.0, end=3.0, speaker="S2")))

    def voiceprints(
        self, audio: Path, spans: Mapping[str, Sequence[tuple[float, float]]], options: Options, control: Control
    ) -> Mapping[str, tuple[float, ...]]:
        return dict.fromkeys(spans, (1.0, 0.0))

    def speech_sink(self) -> FirstSecond:
        return FirstSecond()

    def model_bytes(self) -> dict[str, int]:
        return {}

    def close(self) -> None:
        pass


def _n_kills() -> int:
    return crash_evidence.oom_kills().get(str(crash_evidence.VMSTAT), 0)


def engine(*_: object) -> Engine:
    return FakeEngine()


def main() -> int:
    fsync, slow_s = os.fsync, float(os.environ.get("SLOW_DISK_S", "0"))

    def slow_fsync(descriptor: int) -> None:
        time.sleep(slow_s)
        fsync(descriptor)

    with (
        patch.object(app, "whisper_engine", engine),
        patch.object(os, "fsync", slow_fsync if slow_s else fsync),
        patch.object(crash_evidence, "VMSTAT", Path(os.environ.get("VMSTAT", crash_evidence.VMSTAT))),
    ):
        return cli.main()


if __name__ == "__main__":
    sys.exit(main())
