"""Recordings that people really have, with OpenAI's `base`: every sentence is there, at the time at which it is played.

They are in the folder `cases` beside that of test_real_speech.py; `speech` has the clip that they are made from.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.probe import probe
from localwhisper.audio.recording import RecordingReader
from localwhisper.audio.waveform import compute_waveform
from localwhisper.commands.selftest import words
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.jobs.transcript import Transcript
from localwhisper.options import Options, Quality, options_from_texts
from tests.audio.recordings import write
from tests.engine.control import Recorder
from tests.engine.test_real_speech import FOLDER, real_engine, real_library  # noqa: F401  # fixtures
from tests.speech import decoded
from tests.speech_sink import FirstSecond

JFK = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
pytestmark = pytest.mark.skipif(FOLDER is None, reason="no recordings: LOCALWHISPER_SPEECH names their folder")
BOTH = pytest.mark.parametrize("quality", ["exact", "fast"])


def found(*parts: str) -> Path:
    path = Path("none") if FOLDER is None else FOLDER.parent.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"there is no {path}")
    return path


def case(*parts: str) -> Path:
    return found("cases", *parts)


@pytest.fixture
def jfk() -> Path:
    return found("speech", "jfk.wav")


def transcribe(engine: WhisperEngine, path: Path, quality: Quality = "fast", **options: Any) -> Transcript:
    options |= {"model": "base", "language": "en", "quality": quality}
    return engine.transcribe(path, Options(**options), Recorder())


def codes(transcript: Transcript) -> list[str]:
    return [warning.code for warning in transcript.warnings]


@BOTH
def test_sound_that_begins_after_the_video(real_engine: WhisperEngine, quality: Quality) -> None:  # noqa: F811
    transcript = transcribe(real_engine, case("late-audio", "late.mp4"), quality=quality)
    assert words(transcript.text) == JFK.split()
    assert transcript.segments[0].start == pytest.approx(4.94, abs=0.3)


def test_a_gap_in_what_is_stored(real_engine: WhisperEngine) -> None:  # noqa: F811
    transcript = transcribe(real_engine, case("gap", "gap.webm"))
    before = [segment for segment in transcript.segments if segment.end <= 5.2]
    after = [segment for segment in transcript.segments if segment.start >= 14.8]
    assert len(before) + len(after) == len(transcript.segments)
    said = [words("".join(segment.text for segment in part)) for part in (before, after)]
    assert said == [JFK.split()[:7], JFK.split()[7:]]


def test_the_track_with_sound(real_engine: WhisperEngine) -> None:  # noqa: F811
    transcript = transcribe(real_engine, case("tracks", "obs.mkv"))
    assert words(transcript.text) == JFK.split()
    assert codes(transcript) == ["silent_tracks_skipped"]
    silent = transcribe(real_engine, case("tracks", "obs.mkv"), audio_track="1")
    assert (silent.text, codes(silent)) == ("", ["other_tracks_unheard"])


def test_a_length_that_the_header_does_not_state(real_engine: WhisperEngine) -> None:  # noqa: F811
    path, recorder = case("duration-header", "chain.opus"), Recorder()
    assert probe(Ffmpeg(), path, max_audio_s=3600).duration_s < 7
    transcript = real_engine.transcribe(path, Options(model="base", language="en", quality="fast"), recorder)
    assert words(transcript.text) == JFK.split()
    assert recorder.duration_s == pytest.approx(11, abs=0.05)
    assert max(recorder.done_s) == recorder.duration_s
    waveform = compute_waveform(RecordingReader(Ffmpeg(), max_audio_s=3600), FirstSecond, path, None, lambda: None)
    assert waveform.duration == recorder.duration_s
    assert sum(waveform.peaks[-100:]) < sum(waveform.peaks[700:800])  # the last 0.7 s are silent


def test_a_dictation(real_engine: WhisperEngine) -> None:  # noqa: F811
    said = words(transcribe(real_engine, case("dss-dictation", "jfk.dss")).text)
    assert len(set(JFK.split()) & set(said)) >= len(set(JFK.split())) - 1  # the format costs a word


def test_an_interview_on_two_channels(real_engine: WhisperEngine, jfk: Path, tmp_path: Path) -> None:  # noqa: F811
    """One begins when the other has ended; mixed, they are one text."""
    samples, silence = decoded(jfk), np.zeros(decoded(jfk).shape, np.int16)
    first, second = samples[: 5 * 16000], samples[5 * 16000 :]
    left = np.concatenate([first, np.zeros_like(second), silence])
    right = np.concatenate([np.zeros_like(first), second, silence])
    transcript = transcribe(real_engine, write(tmp_path / "two.wav", left, right), channels="split")
    said = {
        name: words("".join(segment.text for segment in transcript.segments if segment.channel == name))
        for name in ("left", "right")
    }
    assert said == {"left": JFK.split()[:7], "right": JFK.split()[7:]}
    assert [segment.channel for segment in transcript.segments] == ["left", "right"]
    assert [segment.id for segment in transcript.segments] == [0, 1]
    assert all(segment.start >= 4.5 for segment in transcript.segments if segment.channel == "right")


@pytest.mark.parametrize("quality", ["exact", "fast"])
def test_a_recording_in_two_languages(
    quality: str,
    real_engine: WhisperEngine,  # noqa: F811
    real_library: ModelLibrary,  # noqa: F811
    tmp_path: Path,
) -> None:
    """In a window of 30 s with both, the German would be lost."""
    clips = [found("real", "fleurs", f"fleurs-{name}.ogg") for name in ("de-000", "es-001")]
    path = write(tmp_path / "both.wav", np.concatenate([decoded(clip) for clip in clips]))
    texts = {"model": "base", "language": "per-segment", "quality": quality}
    options = options_from_texts(texts, defaults={}, models=real_library.entries())
    said = words(real_engine.transcribe(path, options, Recorder()).text)
    assert said[:4] == ["für", "die", "besten", "aussichten"]
    assert {"insel", "ufer", "alumnos", "críticos", "internet"} <= set(said)
