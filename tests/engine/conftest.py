"""The bundled model in our engine and in openai-whisper, and speech made from the bundled clips."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import whisper
from numpy.typing import NDArray

from localwhisper.app import SAMPLES
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.kernels.precompile import kernel_cache
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.engine_setup import ASSETS
from tests.audio.recordings import write
from tests.engine import openai_whisper
from tests.engine.control import Recorder
from tests.speech import decoded

RATE = 16000
ROWS = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))


def samples_of(name: str) -> NDArray[np.int16]:
    """A bundled clip, int16, shape (n,), 16 kHz."""
    return decoded(SAMPLES / name)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # several small models run at once: more threads would only wait for each other


@pytest.fixture(scope="session")
def kernels() -> None:
    """Compiled. The first time on a machine this takes half a minute."""
    if not kernel_cache().is_ready():
        kernel_cache().compile()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ModelLibrary:
    folder = tmp_path_factory.mktemp("models")
    return ModelLibrary(folder, data_dir=folder, assets=ASSETS)


@pytest.fixture(scope="session")
def engine(library: ModelLibrary) -> WhisperEngine:
    return WhisperEngine(
        ModelCache(library, idle_timeout_s=600), Ffmpeg(), library.model_dir / "spool", max_audio_s=3600
    )


@pytest.fixture(scope="session")
def openai_model(library: ModelLibrary) -> whisper.model.Whisper:
    path = library.loadable_path("demo")
    assert path is not None
    return openai_whisper.load(path)


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Audio files by their content."""
    folder = tmp_path_factory.mktemp("speech")
    clips = {row["id"]: samples_of(row["filename"]) for row in ROWS}
    noise = np.random.default_rng(1).standard_normal(8 * RATE)
    both = [np.concatenate([clips[name], np.zeros(RATE, np.int16)]) for name in ("en-day", "es-dia")]
    lengths = [clips[name] for name in ("es-dia", "en-number", "en-day", "en-greeting")]
    files = {
        "one second": clips["en-greeting"][:RATE],
        "english": clips["en-number"],
        "spanish": clips["es-saludo"],
        "a window and more": clips["en-day"],
        "two minutes": np.concatenate([both[1], both[1], both[1], both[1]]),
        "windows of many lengths": np.concatenate([part for clip in lengths for part in (clip, both[0][-RATE:])]),
        "both languages": np.concatenate(both),
        "speech after silence": np.concatenate([np.zeros(35 * RATE, np.int16), clips["es-numero"]]),
        "noise": (noise * 800).astype(np.int16),
        "tone": (9000 * np.sin(np.arange(5 * RATE) / 6)).astype(np.int16),
    }
    return {name: write(folder / f"{name}.wav", samples) for name, samples in files.items()}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()
