"""The transcribers that are compared, each from a file to its text with the language given and greedy search."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import torch
import whisper

from localwhisper import paths
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.base import Engine, NoControl
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.threads import CoreBudget
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.engine_setup import model_library
from localwhisper.options import Options, Quality
from localwhisper.settings import load
from tests.engine import openai_whisper as reference

BATCH_SIZE = 8  # of faster-whisper's batched pipeline


class Transcriber(Protocol):
    def __call__(self, path: Path, language: str | None) -> str: ...


def openai_whisper(checkpoint: Path, n_threads: int) -> Transcriber:
    model = reference.load(checkpoint)

    def transcribe(path: Path, language: str | None) -> str:
        torch.set_num_threads(
            n_threads
        )  # localwhisper's engine, in the same process, sets one and divides the work itself
        result = whisper.transcribe(model, reference.read(path), language=language, fp16=False)
        return str(result["text"])

    return transcribe


def faster_whisper(folder: Path, compute_type: str, n_threads: int, *, is_batched: bool = False) -> Transcriber:
    """`folder`: a CTranslate2 model with its tokenizer.json."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model: Any = WhisperModel(
        str(folder), device="cpu", compute_type=compute_type, cpu_threads=n_threads, local_files_only=True
    )
    arguments: dict[str, Any] = {"beam_size": 1}
    if is_batched:
        model = BatchedInferencePipeline(model)
        arguments["batch_size"] = BATCH_SIZE

    def transcribe(path: Path, language: str | None) -> str:
        segments, _ = model.transcribe(reference.read(path), language=language, **arguments)
        return "".join(segment.text for segment in segments)

    return transcribe


def whisper_cpp(ggml: Path, n_threads: int) -> Transcriber:
    """`ggml`: a model file of whisper.cpp."""
    from pywhispercpp.model import Model

    quiet = {"print_progress": False, "print_realtime": False, "print_timestamps": False}
    model = Model(str(ggml), redirect_whispercpp_logs_to=None, n_threads=n_threads, **quiet)

    def transcribe(path: Path, language: str | None) -> str:
        segments = model.transcribe(reference.read(path), language=language or "auto", greedy={"best_of": 1})
        return " ".join(segment.text for segment in segments)

    return transcribe


def new_engine(model_dir: Path, data_dir: Path, n_threads: int | None = None) -> Engine:
    """`n_threads`: by default as many as this process may use cores."""
    settings = load({"data_dir": str(data_dir), "model_dir": str(model_dir)}, {})
    models = ModelCache(
        model_library(settings), idle_timeout_s=settings.model_idle_timeout, cores=CoreBudget(n_threads)
    )
    return WhisperEngine(models, Ffmpeg(), paths.spool(data_dir), max_audio_s=settings.max_audio_seconds)


def localwhisper_engine(
    model_dir: Path, data_dir: Path, model: str, quality: Quality, n_threads: int | None = None, **options: Any
) -> Transcriber:
    engine = new_engine(model_dir, data_dir, n_threads)

    def transcribe(path: Path, language: str | None) -> str:
        all_options = Options(model=model, language=language, quality=quality, **options)
        return engine.transcribe(path, all_options, NoControl()).text

    return transcribe


def systems(
    model: str, model_dir: Path, ctranslate2: Path | None, data_dir: Path, n_threads: int, ggml: Path | None = None
) -> dict[str, Callable[[], Transcriber]]:
    """By name; each is loaded when it is called. `ctranslate2`: None leaves faster-whisper out, `ggml` whisper.cpp."""
    checkpoint = model_dir / f"{model}.pt"
    found: dict[str, Callable[[], Transcriber]] = {"openai-whisper": lambda: openai_whisper(checkpoint, n_threads)}
    if ctranslate2 is not None:
        found["faster-whisper int8"] = lambda: faster_whisper(ctranslate2, "int8", n_threads)
        found["faster-whisper float32"] = lambda: faster_whisper(ctranslate2, "float32", n_threads)
        found["faster-whisper int8, batched"] = lambda: faster_whisper(ctranslate2, "int8", n_threads, is_batched=True)
    if ggml is not None:
        found["whisper.cpp"] = lambda: whisper_cpp(ggml, n_threads)
    qualities: tuple[Quality, ...] = ("exact", "fast", "compact")
    for quality in qualities:
        found[quality] = lambda quality=quality: localwhisper_engine(  # type: ignore[misc]
            model_dir, data_dir, model, quality, n_threads
        )
    return found
