"""Parallel jobs, resuming, stopping, progress."""

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.recording import RecordingReader
from localwhisper.audio.waveform import compute_waveform
from localwhisper.commands.selftest import words
from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.plans import REFERENCE
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.errors import Stopped
from localwhisper.jobs.transcript import Transcript
from localwhisper.messages import Message
from localwhisper.options import Options, Quality
from tests.audio.recordings import RATE, ffmpeg, write
from tests.cpu_time import WallTime
from tests.engine.conftest import samples_of
from tests.engine.control import Recorder
from tests.speech import decoded

WORDS = Options(model="demo", word_timestamps=True)


def content(transcript: Transcript) -> tuple[object, ...]:
    """All but the floating-point figures."""
    segments = [
        (
            s.id,
            s.start,
            s.end,
            s.text,
            s.tokens,
            s.seek,
            s.temperature,
            [(w.word, w.start, w.end) for w in s.words or ()],
        )
        for s in transcript.segments
    ]
    return (transcript.text, transcript.language, segments)


def figures(transcript: Transcript) -> list[float]:
    return [
        figure
        for segment in transcript.segments
        for figure in (segment.avg_logprob, segment.no_speech_prob, *(w.probability for w in segment.words or ()))
    ]


def assert_same(transcript: Transcript, expected: Transcript) -> None:
    """Rounding depends on what else is in a batch; no text, time or token does."""
    assert content(transcript) == content(expected)
    assert figures(transcript) == pytest.approx(figures(expected), abs=1e-4, nan_ok=True)


def test_parallel_jobs_never_mix(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    options = [Options(model="demo"), WORDS, Options(model="demo", beam_size=2)]
    work = [(speech[name], option) for name in ("english", "spanish", "one second") for option in options]
    work.append((speech["a window and more"], Options(model="demo")))
    alone = [engine.transcribe(path, option, Recorder()) for path, option in work]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda item: engine.transcribe(*item, Recorder()), work))
    for transcript, expected in zip(together, alone, strict=True):
        assert_same(transcript, expected)


def test_word_times_on_many_threads_with_numbas_workqueue(speech: dict[str, Path], tmp_path: Path) -> None:
    """This thread pool of numba's aborts the process when two threads enter it."""
    environment = {**os.environ, "NUMBA_THREADING_LAYER": "workqueue", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.engine.many_threads", speech["one second"], tmp_path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_resuming_at_any_window_gives_the_same(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    whole = Recorder()
    undisturbed = engine.transcribe(speech["two minutes"], WORDS, whole)
    assert len(whole.windows) >= 4
    for n_done in (1, len(whole.windows) - 1):
        rest = Recorder()
        transcript = engine.transcribe(speech["two minutes"], WORDS, rest, done=whole.windows[:n_done])
        assert_same(transcript, undisturbed)
        assert [window.after for window in rest.windows] == [window.after for window in whole.windows[n_done:]]
        assert transcript.warnings == ()
    last = whole.windows[-1]
    assert last.after.plan is not None
    for plan, warnings in ((None, ()), ("int8 / int8 / int8", (Message("plan_changed"),))):  # None: of an older version
        before = [replace(window, after=replace(window.after, plan=plan)) for window in whole.windows[:-1]]
        assert engine.transcribe(speech["two minutes"], WORDS, Recorder(), done=before).warnings == warnings


def test_a_job_continues_in_the_plan_of_its_windows(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    whole = Recorder()
    engine.transcribe(speech["a window and more"], Options(model="demo"), whole)
    assert whole.windows[-1].after.plan != REFERENCE.name
    before = [replace(window, after=replace(window.after, plan=REFERENCE.name)) for window in whole.windows[:1]]
    rest = Recorder()
    transcript = engine.transcribe(speech["a window and more"], Options(model="demo"), rest, done=before)
    assert {window.after.plan for window in rest.windows} == {REFERENCE.name}
    assert transcript.warnings == ()


def test_windows_decoded_together_do_not_depend_on_each_other(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    """A job that continues after any window has other windows beside the next one than it had before."""
    options = Options(model="demo", quality="fast", language="en")
    whole = Recorder()
    undisturbed = engine.transcribe(speech["windows of many lengths"], options, whole)
    assert len(whole.windows) >= 3
    for n_done in range(1, len(whole.windows)):
        transcript = engine.transcribe(
            speech["windows of many lengths"], options, Recorder(), done=whole.windows[:n_done]
        )
        assert_same(transcript, undisturbed)


def test_the_window_that_the_language_was_detected_in_is_encoded_once(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, encoded = WhisperModel.encode_audio, list[bytes]()

    def recorded(model: WhisperModel, mel: Tensor, check: Any) -> Tensor:
        encoded.append(mel.numpy().tobytes())
        return encode(model, mel, check)

    monkeypatch.setattr(WhisperModel, "encode_audio", recorded)
    engine.transcribe(speech["a window and more"], Options(model="demo"), Recorder())
    assert len(set(encoded)) == len(encoded) > 1


def test_stops_at_any_check(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    engine.transcribe(speech["one second"], Options(model="demo"), Recorder())  # loading the model has checks too
    whole = Recorder()
    engine.transcribe(speech["english"], Options(model="demo"), whole)
    assert whole.checks > 12  # at least one per token
    for stop_at in range(1, whole.checks, 5):
        with pytest.raises(Stopped):
            engine.transcribe(speech["english"], Options(model="demo"), Recorder(stop_at))
    engine.transcribe(speech["english"], Options(model="demo"), Recorder())  # stopping leaves nothing behind


def test_stops_within_a_second(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    recorder = Recorder()
    is_stopped = threading.Event()

    def work() -> None:
        try:
            engine.transcribe(speech["two minutes"], WORDS, recorder)
        except Stopped:
            is_stopped.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not recorder.windows:
        time.sleep(0.01)
    wall = WallTime()
    recorder.stop_at = 0
    thread.join()
    assert wall.seconds < 2  # one on an idle machine
    assert is_stopped.is_set()


@pytest.mark.parametrize(
    "options",
    [Options(model="demo"), Options(model="demo", quality="fast"), replace(WORDS, speakers="2", vad_filter=True)],
    ids=["exact", "fast", "words and speakers"],
)
def test_nothing_of_a_job_waits_for_the_garbage_collector(
    engine: WhisperEngine, speech: dict[str, Path], options: Options
) -> None:
    """A full collection is rare, and a job's tensors take megabytes: none may be kept by a reference cycle."""
    for control in (Recorder(), Recorder(stop_at=20)):
        gc.collect()
        with unreachable_objects() as garbage, suppress(Stopped):
            engine.transcribe(speech["a window and more"], options, control)
        ours = [
            item for item in garbage if isinstance(item, Tensor) or type(item).__module__.startswith("localwhisper")
        ]
        assert [type(item).__name__ for item in ours] == []


@contextmanager
def unreachable_objects() -> Iterator[list[object]]:
    """Yields a list that, at the end, holds the objects which only the garbage collector can free."""
    found: list[object] = []
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_progress_rises_to_the_end(engine: WhisperEngine, speech: dict[str, Path], recorder: Recorder) -> None:
    engine.transcribe(speech["a window and more"], Options(model="demo"), recorder)
    assert recorder.done_s == sorted(recorder.done_s)
    assert recorder.messages[-1].params["current"] == recorder.messages[-1].params["total"] == 2
    assert "reading_audio" in {message.code for message in recorder.messages}


def test_vad_filter_skips_what_is_too_quiet(engine: WhisperEngine, tmp_path: Path) -> None:
    import numpy as np

    hiss = (np.random.default_rng(2).standard_normal(35 * 16000) * 20).astype(np.int16)
    path = write(tmp_path / "hiss.wav", hiss)
    recorder = Recorder()
    transcript = engine.transcribe(path, Options(model="demo", language="en", vad_filter=True), recorder)
    assert transcript.segments == ()


def test_the_speech_of_a_recording_is_found(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While its peaks are computed: it is decoded once."""
    commands: list[Sequence[str]] = []
    start = subprocess.Popen.__init__

    def started(process: Any, command: Sequence[str], *arguments: Any, **more: Any) -> None:
        commands.append(command)
        start(process, command, *arguments, **more)

    monkeypatch.setattr(subprocess.Popen, "__init__", started)
    reader = RecordingReader(Ffmpeg(), max_audio_s=3600)
    waveform = compute_waveform(reader, engine.speech_sink, speech["speech after silence"], None, lambda: None)
    assert 35 <= waveform.speech[0][0] < 36
    assert waveform.duration > 36
    assert sum("pcm_s16le" in command for command in commands) == 1
    assert compute_waveform(reader, engine.speech_sink, speech["tone"], None, lambda: None).speech == ()


@pytest.mark.parametrize("quality", ["exact", "fast", "compact"])
def test_a_recording_without_speech_has_no_text(
    engine: WhisperEngine, speech: dict[str, Path], quality: Quality
) -> None:
    """openai-whisper's text for this tone is not empty."""
    transcript = engine.transcribe(speech["tone"], Options(model="demo", quality=quality), Recorder())
    assert (transcript.text, transcript.segments) == ("", ())


def test_channels_apart(engine: WhisperEngine, speech: dict[str, Path], tmp_path: Path) -> None:
    """Each in its own language; a run that is interrupted and continues gives the same."""
    english, spanish = (decoded(speech[name]) for name in ("english", "spanish"))
    both = [np.pad(samples, (0, 40 * RATE - len(samples))) for samples in (english, spanish)]
    both[1] = np.concatenate([both[1][: 20 * RATE], spanish, both[1][20 * RATE + len(spanish) :]])
    path = write(tmp_path / "two.wav", *both)
    options = Options(model="demo", channels="split")
    recorder = Recorder()
    transcript = engine.transcribe(path, options, recorder)
    texts = {"left": "", "right": ""}
    for segment in transcript.segments:
        texts[segment.channel or ""] += segment.text
    alone = [engine.transcribe(speech[name], Options(model="demo"), Recorder()).text for name in ("english", "spanish")]
    assert words(texts["left"]) == words(alone[0])
    assert words(texts["right"]) == 2 * words(alone[1])
    assert [segment.start for segment in transcript.segments] == sorted(
        segment.start for segment in transcript.segments
    )
    rights = [segment.start for segment in transcript.segments if segment.channel == "right"]
    assert (round(rights[0]), round(rights[len(rights) // 2])) == (0, 20)
    assert {window.after.language for window in recorder.windows if window.segments} == {"en", "es"}
    languages = [(each.channel, each.language) for each in transcript.channel_languages]
    assert languages == [("left", "en"), ("right", "es")]
    continued = engine.transcribe(path, options, Recorder(), done=recorder.windows[:2])
    assert content(continued) == content(transcript)


def test_the_audio_track_is_the_chosen_one(engine: WhisperEngine, speech: dict[str, Path], tmp_path: Path) -> None:
    tracks = ("-map", "0:a", "-map", "1:a", "-c:a", "flac", tmp_path / "tracks.mkv")
    ffmpeg("-i", speech["english"], "-i", speech["spanish"], *tracks)
    options = Options(model="demo", audio_track="2")
    expected = engine.transcribe(speech["spanish"], Options(model="demo"), Recorder())
    assert engine.transcribe(tmp_path / "tracks.mkv", options, Recorder()).text == expected.text


@pytest.mark.parametrize("options", [{"channels": "split"}, {"vad_filter": True}], ids=str)
def test_times_after_skipped_silence_are_the_recordings(
    engine: WhisperEngine, tmp_path: Path, options: dict[str, Any]
) -> None:
    clip, silence = samples_of("en-greeting.opus"), np.zeros(20 * RATE, np.int16)
    left = np.concatenate([clip, silence, clip])
    right = np.concatenate([np.zeros_like(clip), silence[: 20 * RATE - len(clip)], clip, np.zeros_like(clip)])
    path = write(tmp_path / "two.wav", left, right)
    transcript = engine.transcribe(path, Options(model="demo", language="en", **options), Recorder())
    last = transcript.segments[-1]
    assert last.start >= 20 + len(clip) / RATE - 0.5
    assert last.end <= len(left) / RATE
