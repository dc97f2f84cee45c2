"""localwhisper with an engine that is controlled by files: python -m tests.distributed.worker_program worker [flags].

CONTROL names the folder: while it has HOLD, no window is decoded; HOLD-9 holds recordings of 9 s, after as many windows
as its text says. LOG gets a line for each window, before it is reported, and for each work that was stopped.
PRIVATE_DISK=1: no folder is shared with the server. TORCH: the version that this worker says it has.
"""

import hashlib
import os
import sys
import time
import wave
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from localwhisper import cli
from localwhisper.distributed import job_plugin, versions
from localwhisper.distributed.audio_copies import AudioFile
from localwhisper.engine.base import Control
from localwhisper.errors import Stopped
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Transcript, Window, segments_of
from localwhisper.messages import Message
from localwhisper.options import Options
from tests.step_engine import StepEngine, window

HOLD, LOG = "hold", "log"
WINDOW_S = 0.05
CHECK_S = 0.005


class ControlledEngine(StepEngine):
    """A recording has a window for each of its seconds."""

    def __init__(self, control_folder: Path) -> None:
        super().__init__()
        self._folder = control_folder

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        with wave.open(str(audio)) as file:
            duration_s = file.getnframes() / file.getframerate()
        name = hashlib.sha256(audio.read_bytes()).hexdigest()
        control.progress(0.0, Message("loading_model", {"model": options.model}))
        control.measured(duration_s, 1)
        windows = list(done)
        try:
            while len(windows) < int(duration_s):
                self._wait_for_a_window(control, int(duration_s), len(windows))
                self._log(f"{os.getpid()} {name} {len(windows)} {audio.parent}")
                windows.append(window(len(windows)))
                control.window(windows[-1])
        except Stopped:
            self._log(f"{os.getpid()} {name} stopped {audio.parent}")
            raise
        segments = segments_of(windows)
        text = "".join(segment.text for segment in segments)
        return Transcript(text=text, language="en", segments=segments, processing_time=0.5)

    def _wait_for_a_window(self, control: Control, seconds: int, n_done: int) -> None:
        until_s = time.monotonic() + WINDOW_S
        while time.monotonic() < until_s or self._is_held(seconds, n_done):
            time.sleep(CHECK_S)
            control.check()

    def _is_held(self, seconds: int, n_done: int) -> bool:
        with suppress(FileNotFoundError):
            return n_done >= int((self._folder / f"{HOLD}-{seconds}").read_text() or 0)
        return (self._folder / HOLD).exists()

    def _log(self, line: str) -> None:
        with open(self._folder / LOG, "a") as file:
            file.write(f"{line}\n")


def main() -> int:
    engine = ControlledEngine(Path(os.environ["CONTROL"]))
    is_here = (lambda _: False) if os.environ.get("PRIVATE_DISK") else AudioFile.is_here
    own = versions.own_versions()
    own["torch"] = os.environ.get("TORCH", own["torch"])
    with (
        patch.object(job_plugin, "whisper_engine", lambda *_: engine),
        patch.object(job_plugin, "own_versions", lambda: own),
        patch.object(AudioFile, "is_here", is_here),
    ):
        return cli.main()


if __name__ == "__main__":
    sys.exit(main())
