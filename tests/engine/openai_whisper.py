"""openai-whisper itself, as the reference: it samples from the engine's seed."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH, N_SAMPLES

from localwhisper.engine.token_chooser import SEED
from localwhisper.jobs.transcript import Transcript
from tests.speech import decoded


def load(path: Path) -> whisper.model.Whisper:
    """A model that seeds each decode as the engine does."""
    model = whisper.load_model(str(path))
    original = model.decode

    def seeded(*args: Any, **kwargs: Any) -> Any:
        torch.manual_seed(SEED)
        return original(*args, **kwargs)

    model.decode = seeded
    return model


def read(path: Path) -> NDArray[np.float32]:
    """Samples for whisper's transcribe(), shape (n,), 16 kHz: its own reader needs an ffmpeg on the PATH."""
    return decoded(path).astype(np.float32) / 32768.0


def without_silence(result: dict[str, Any], path: Path) -> dict[str, Any]:
    """A result without the segments of windows that hold only zeros, which the engine doesn't decode."""
    samples = read(path)
    segments = [segment for segment in result["segments"] if samples[segment["seek"] * HOP_LENGTH :][:N_SAMPLES].any()]
    return {**result, "segments": [{**segment, "id": number} for number, segment in enumerate(segments)]}


def differences(expected: dict[str, Any], transcript: Transcript) -> list[str]:
    """Where a transcript differs from whisper's result."""
    differing = []
    if expected["text"] != transcript.text:
        differing.append(f"text: {expected['text']!r} != {transcript.text!r}")
    if expected["language"] != transcript.language:
        differing.append(f"language: {expected['language']} != {transcript.language}")
    if len(expected["segments"]) != len(transcript.segments):
        return [*differing, f"{len(expected['segments'])} segments != {len(transcript.segments)}"]
    for theirs, ours in zip(expected["segments"], transcript.segments, strict=True):
        for name in ("id", "seek", "text", "temperature"):
            if theirs[name] != getattr(ours, name):
                differing.append(f"{name}: {theirs[name]!r} != {getattr(ours, name)!r}")
        if tuple(theirs["tokens"]) != ours.tokens:
            differing.append(f"tokens of {ours.text!r}")
        for name in ("start", "end", "avg_logprob", "no_speech_prob", "compression_ratio"):
            if abs(theirs[name] - getattr(ours, name)) > 1e-3:
                differing.append(f"{name}: {theirs[name]} != {getattr(ours, name)}")
        differing += _word_differences(theirs.get("words", []), ours.words or ())
    return differing


def _word_differences(theirs: list[dict[str, Any]], ours: tuple[Any, ...]) -> list[str]:
    expected = [(word["word"], round(word["start"], 2), round(word["end"], 2)) for word in theirs]
    actual = [(word.word, round(word.start, 2), round(word.end, 2)) for word in ours]
    return [] if expected == actual else [f"words: {expected} != {actual}"]
