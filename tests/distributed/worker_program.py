"""localwhisper with an engine that is controlled by files: python -m tests.distributed.worker_program worker [flags].

CONTROL names the folder: while it has HOLD, no window is decoded; HOLD-9 holds recordings of 9 s, after as many windows
as its text says. LOG gets a line for each window, before it is reported, for each batch that a helper begins, for
each model that was fetched and for each work that was stopped.
PRIVATE_DISK=1: no folder is shared with the server. TORCH: the version that this worker says it has.
"""

import hashlib
import os
import sys
import time
import wave
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from localwhisper import cli
from localwhisper.distributed import job_plugin, versions
from localwhisper.distributed.audio_copies import AudioFile
from localwhisper.engine.base import BatchSource, Control
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.errors import Stopped
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Transcript, Window, segments_of
from localwhisper.messages import Message
from localwhisper.options import Options
from tests.step_engine import StepEngine, window

HOLD, LOG = "hold", "log"
WINDOW_S = 0.05
CHECK_S = 0.005
SHARED_WINDOW_S = 10
N_AHEAD = 6  # windows
Helper = Callable[[bytes, Callable[[], None]], bytes | None]


@dataclass(frozen=True)
class Recording:
    name: str
    seconds: int
    folder: Path

    @classmethod
    def of(cls, audio: Path) -> "Recording":
        with wave.open(str(audio)) as file:
            seconds = file.getnframes() // file.getframerate()
        return cls(hashlib.sha256(audio.read_bytes()).hexdigest(), seconds, audio.parent)

    def seek_after(self, number: int, options: Options) -> int:
        """The frame after a window."""
        return 100 * (number + 1) * (SHARED_WINDOW_S if options.is_batched else 1)


class ControlledEngine(StepEngine):
    """A recording has a window for each of its seconds; in batched mode for each ten, which helpers decode too."""

    def __init__(self, control_folder: Path, library: ModelLibrary) -> None:
        super().__init__()
        self._folder = control_folder
        self._library = library

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        recording = Recording.of(audio)
        if self._library.path(options.model) is None:
            model = self._library.download(options.model, lambda received, total: None, control.check)
            self._log(f"{os.getpid()} {recording.name} model {model}")
        if control.helpers is not None and options.is_batched:
            control.helpers.offer()
        control.progress(0.0, Message("loading_model", {"model": options.model}))
        control.measured(recording.seconds, 1)
        windows = list(done)
        decode = self._decode_ahead if options.is_batched else self._decode_in_order
        with self._logging_stops(recording):
            for number in decode(recording, len(windows), control):
                after = replace(window(number).after, seek=recording.seek_after(number, options))
                windows.append(replace(window(number), after=after))
                control.window(windows[-1])
        segments = segments_of(windows)
        text = "".join(segment.text for segment in segments)
        return Transcript(text=text, language="en", segments=segments, processing_time=0.5)

    def _decode_in_order(self, recording: "Recording", first: int, control: Control) -> Iterator[int]:
        for number in range(first, recording.seconds):
            self._decode(recording, number, control.check)
            yield number

    def _decode_ahead(self, recording: "Recording", first: int, control: Control) -> Iterator[int]:
        """Here one after another, and by helpers at the same time."""
        helpers, pending = control.helpers, deque[Future[int]]()
        assert helpers is not None
        with ThreadPoolExecutor(1) as here, ThreadPoolExecutor(N_AHEAD) as others:
            for number in range(first, recording.seconds // SHARED_WINDOW_S):
                helper = helpers.take() if pending else None
                if helper is None:
                    pending.append(here.submit(self._decode, recording, number, control.check))
                else:
                    pending.append(others.submit(self._decode_by, helper, recording, number, control.check))
                while len(pending) >= N_AHEAD and not helpers.has_room:
                    if pending[0].done():
                        yield pending.popleft().result()
                    time.sleep(CHECK_S)
            while pending:
                yield pending.popleft().result()

    def _decode_by(self, helper: Helper, recording: "Recording", number: int, check: Callable[[], None]) -> int:
        answer = helper(b"%d" % number, check)
        return self._decode(recording, number, check) if answer is None else int(answer)

    def help(self, audio: Path, options: Options, batches: BatchSource, control: Control) -> None:
        recording = Recording.of(audio)
        with self._logging_stops(recording):
            for windows, give_back in batches(1, control.check):
                self._log(f"{os.getpid()} {recording.name} helps {recording.folder}")
                self._decode(recording, int(windows), control.check)
                give_back(windows)

    def _decode(self, recording: "Recording", number: int, check: Callable[[], None]) -> int:
        until_s = time.monotonic() + WINDOW_S
        while time.monotonic() < until_s or self._is_held(recording.seconds, number):
            time.sleep(CHECK_S)
            check()
        self._log(f"{os.getpid()} {recording.name} {number} {recording.folder}")
        return number

    @contextmanager
    def _logging_stops(self, recording: "Recording") -> Iterator[None]:
        try:
            yield
        except Stopped:
            self._log(f"{os.getpid()} {recording.name} stopped {recording.folder}")
            raise

    def _is_held(self, seconds: int, n_done: int) -> bool:
        with suppress(FileNotFoundError):
            return n_done >= int((self._folder / f"{HOLD}-{seconds}").read_text() or 0)
        return (self._folder / HOLD).exists()

    def _log(self, line: str) -> None:
        with open(self._folder / LOG, "a") as file:
            file.write(f"{line}\n")


def main() -> int:
    control = Path(os.environ["CONTROL"])
    is_here = (lambda _: False) if os.environ.get("PRIVATE_DISK") else AudioFile.is_here
    own = versions.own_versions()
    own["torch"] = os.environ.get("TORCH", own["torch"])
    with (
        patch.object(job_plugin, "whisper_engine", lambda _, library, ffmpeg: ControlledEngine(control, library)),
        patch.object(job_plugin, "own_versions", lambda: own),
        patch.object(AudioFile, "is_here", is_here),
    ):
        return cli.main()


if __name__ == "__main__":
    sys.exit(main())
