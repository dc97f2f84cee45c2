"""One recording decoded by several engines: the text is that of one."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from localwhisper.engine import batched
from localwhisper.engine.base import Batch
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.engine.window_batch import Batch as PendingWindows
from localwhisper.engine.window_batch import decode_batch
from localwhisper.engine.window_decoder import WindowDecoder
from localwhisper.errors import Stopped
from localwhisper.options import Options
from tests.engine.control import Recorder
from tests.engine.test_engine import assert_same

FAST = Options(model="demo", quality="fast", language="en")


class OneHelper:
    """A base.Helpers: another call of the same engine. `n_answers`: after so many batches it is lost, or stalls."""

    n_cores = 1

    def __init__(self, engine: WhisperEngine, audio: Path, options: Options, n_answers: int, is_lost: bool) -> None:
        self._call = partial(engine.help, audio, options)
        self._n_answers = n_answers
        self._is_lost = is_lost
        self._pool = ThreadPoolExecutor(1)
        self._batches = queue.SimpleQueue[Batch]()
        self._is_over = threading.Event()
        self._numbers = count(1)  # of the batches, which are sent on several threads
        self.n_decoded = 0
        self.is_sent_two = threading.Event()
        self.has_room = False

    def offer(self) -> None:
        control = Recorder()
        self._help = self._pool.submit(self._call, self._received, control)
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
        number = next(self._numbers)
        if number == 2:
            self.is_sent_two.set()
        if number > self._n_answers:
            while not self._is_lost:
                check()
                time.sleep(0.01)
            return None
        answers = queue.SimpleQueue[bytes]()
        self._batches.put((windows, answers.put))
        answer = answers.get(timeout=300)
        self.n_decoded += 1
        return answer

    def close(self) -> None:
        self._is_over.set()
        with pytest.raises(Stopped):
            self._help.result()


@pytest.mark.parametrize("is_lost", [True, False], ids=["is lost", "stalls"])
def test_the_text_is_that_of_one_engine_though_a_helper(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    audio, alone, helped = speech["windows of many lengths"], Recorder(), Recorder()
    expected = engine.transcribe(audio, FAST, alone)
    monkeypatch.setattr(batched, "BATCHES_PER_SHARE", 100)  # batches of one window
    monkeypatch.setattr(engine._cores, "total", 1)
    helped.helpers = helper = OneHelper(engine, audio, FAST, 1, is_lost)

    def decode_after_sending(decoder: WindowDecoder, batch: PendingWindows) -> PendingWindows:
        assert helper.is_sent_two.wait(300)
        return decode_batch(decoder, batch)

    monkeypatch.setattr(batched, "decode_batch", decode_after_sending)
    try:
        transcript = engine.transcribe(audio, FAST, helped)
    finally:
        helper.close()
    assert helper.n_decoded == 1
    assert_same(transcript, expected)
    assert [window.after for window in helped.windows] == [window.after for window in alone.windows]
