"""One recording decoded by several engines: the text is that of one."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from localwhisper.engine import batched
from localwhisper.engine.base import Batch
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.errors import Stopped
from localwhisper.options import Options
from tests.engine.control import Recorder
from tests.engine.test_engine import assert_same

FAST = Options(model="demo", quality="fast", language="en")


class OneHelper:
    """A base.Helpers: another call of the same engine. `n_answers`: after so many batches it is lost."""

    n_cores = 1

    def __init__(self, engine: WhisperEngine, audio: Path, options: Options, n_answers: int = 0) -> None:
        self._call = partial(engine.help, audio, options)
        self._n_answers = n_answers
        self._pool = ThreadPoolExecutor(1)
        self._batches = queue.SimpleQueue[Batch]()
        self._is_over = threading.Event()
        self.n_sent = self.n_decoded = 0
        self.has_room = False

    def offer(self, run: bytes) -> None:
        control = Recorder()
        self._help = self._pool.submit(self._call, run, self._received, control)
        while not self.has_room:  # so that it gets some of the windows, however short the recording
            assert not self._help.done()
            time.sleep(0.01)

    def _received(self, n_cores: int, check: Callable[[], None]) -> Iterator[Batch]:
        assert n_cores >= 1
        self.has_room = True
        while not self._is_over.is_set():
            check()
            try:
                yield self._batches.get(timeout=0.01)
            except queue.Empty:
                continue
        raise Stopped

    def take(self) -> Callable[[bytes, Callable[[], None]], bytes | None]:
        return self._decode

    def _decode(self, windows: bytes, check: Callable[[], None]) -> bytes | None:
        self.n_sent += 1
        if self.n_sent > self._n_answers:
            return None
        answers = queue.SimpleQueue[bytes]()
        self._batches.put((windows, answers.put))
        answer = answers.get(timeout=60)
        self.n_decoded += 1
        return answer

    def close(self) -> None:
        self._is_over.set()
        with pytest.raises(Stopped):
            self._help.result()


def test_the_text_is_that_of_one_engine_though_a_helper_is_lost(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    audio, alone, helped = speech["windows of many lengths"], Recorder(), Recorder()
    expected = engine.transcribe(audio, FAST, alone)
    monkeypatch.setattr(batched, "MIN_SHARED_FRAMES", 100)
    helped.helpers = helper = OneHelper(engine, audio, FAST, n_answers=1)
    try:
        transcript = engine.transcribe(audio, FAST, helped)
    finally:
        helper.close()
    assert (helper.n_decoded, helper.n_sent > 1) == (1, True)
    assert_same(transcript, expected)
    assert [window.after for window in helped.windows] == [window.after for window in alone.windows]


def test_nobody_is_asked_to_help_with_a_short_recording(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    control = Recorder()
    control.helpers = OneHelper(engine, speech["english"], FAST)
    assert engine.transcribe(speech["english"], FAST, control).text
    assert control.helpers.n_sent == 0
