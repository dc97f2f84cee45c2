"""The program with an engine that takes it down: python -m tests.process.poison, with the program's own flags."""

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
from localwhisper.jobs.model import Options, Transcript, Window, joined
from tests.engines import window

POISON_S = 2.5
N_WINDOWS = 3
WINDOW_S = 0.2
GO = "go"


class PoisonEngine:
    """Begins once there is a file GO in the data directory. Dies, as by the system's out-of-memory killer, in the
    second window of a recording of POISON_S."""

    def transcribe(self, audio: Path, options: Options, control: Control, *, done: Sequence[Window] = ()) -> Transcript:
        with wave.open(str(audio)) as file:
            is_poison = file.getnframes() == POISON_S * file.getframerate()
        windows = list(done)
        while len(windows) < N_WINDOWS:
            time.sleep(WINDOW_S)
            control.check()
            if not (audio.parents[2] / GO).exists():
                continue
            if is_poison and len(windows) == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            windows.append(window(len(windows)))
            control.window(windows[-1])
        segments = joined(windows)
        return Transcript(text="whole", language="en", segments=segments, processing_time=1.0)

    def model_bytes(self) -> dict[str, int]:
        return {}

    def close(self) -> None:
        pass


def engine(*_: object) -> Engine:
    return PoisonEngine()


if __name__ == "__main__":
    with patch.object(app, "whisper_engine", engine):
        sys.exit(cli.main())
