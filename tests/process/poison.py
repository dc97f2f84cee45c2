"""The program with a quick engine that needs no model: python -m tests.process.poison, with the program's own flags.

Some recordings take the program down, at others the engine is deaf. With SLOW_DISK_S each fsync takes so long.
"""

import os
import signal
import sys
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from localwhisper import app, cli
from localwhisper.engine.base import Control, Engine
from localwhisper.jobs.model import Detection, Transcript, Window, joined
from localwhisper.messages import Message
from localwhisper.options import Options
from tests.engines import window

POISON_S = 2.5
DEAF_S = 4.5
N_WINDOWS = 3
LONG_S = 20.0  # from here on a window a second
WINDOW_S = 0.1
GO = "go"
DECODED = "decoded"  # in the data directory: a line for each window that was decoded, before it is reported


class PoisonEngine:
    """Begins once there is a file GO in the data directory. Dies, as by the system's out-of-memory killer, in the
    second window of a recording of POISON_S; one of DEAF_S loads for ever and hears nothing."""

    def transcribe(self, audio: Path, options: Options, control: Control, *, done: Sequence[Window] = ()) -> Transcript:
        control.progress(0.0, Message("loading_model", {"model": options.model}))
        with wave.open(str(audio)) as file:
            duration_s = file.getnframes() / file.getframerate()
        if duration_s == DEAF_S:
            time.sleep(600)
        data_dir, windows = audio.parents[2], list(done)
        n_windows = N_WINDOWS if duration_s < LONG_S else int(duration_s)
        while len(windows) < n_windows:
            time.sleep(WINDOW_S)
            control.check()
            if not (data_dir / GO).exists():
                continue
            if duration_s == POISON_S and len(windows) == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            with open(data_dir / DECODED, "a", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(f"{audio.parent.name} {len(windows)}\n")
            windows.append(window(len(windows)))
            control.window(windows[-1])
        segments = joined(windows)
        return Transcript(text="whole", language="en", segments=segments, processing_time=1.0)

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        return Detection(language="en", probability=1.0)

    def model_bytes(self) -> dict[str, int]:
        return {}

    def close(self) -> None:
        pass


def engine(*_: object) -> Engine:
    return PoisonEngine()


def main() -> int:
    fsync, slow_s = os.fsync, float(os.environ.get("SLOW_DISK_S", "0"))

    def slow_fsync(descriptor: int) -> None:
        time.sleep(slow_s)
        fsync(descriptor)

    with patch.object(app, "whisper_engine", engine), patch.object(os, "fsync", slow_fsync if slow_s else fsync):
        return cli.main()


if __name__ == "__main__":
    sys.exit(main())
