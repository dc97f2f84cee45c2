"""openai-whisper itself, made to draw its samples as the engine does, to compare with."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from numpy.typing import NDArray
from whisper.audio import HOP_LENGTH, N_SAMPLES

from localwhisper.audio.decode import decode_audio
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.decoding import SEED
from localwhisper.jobs.model import Transcript


def load(path: Path) -> whisper.model.Whisper:
    """A model whose every decode starts from the engine's seed."""
    model = whisper.load_model(str(path))
    original = model.decode

    def seeded(*args: Any, **kwargs: Any) -> Any:
        torch.manual_seed(SEED)
        return original(*args, **kwargs)

    model.decode = seeded
    return model


def read(path: Path) -> NDArray[np.float32]:
    """A file's sound for stock's transcribe(), whose own reading needs an ffmpeg on the PATH: shape (n,), 16 kHz."""
    blocks = list(decode_audio(Ffmpeg(), path, check=lambda: None, max_audio_s=3600))
    return np.concatenate(blocks).astype(np.float32) / 32768.0


def without_silence(result: dict[str, Any], path: Path) -> dict[str, Any]:
    """A result less what was made of windows that hold nothing but zeros: the engine leaves these undecoded."""
    samples = read(path)
    kept = [one for one in result["segments"] if samples[one["seek"] * HOP_LENGTH :][:N_SAMPLES].any()]
    return {**result, "segments": [{**one, "id": number} for number, one in enumerate(kept)]}


def differences(expected: dict[str, Any], found: Transcript) -> list[str]:
    """What a transcript says otherwise than stock's result; empty where they are equal."""
    wrong = []
    if expected["text"] != found.text:
        wrong.append(f"text: {expected['text']!r} != {found.text!r}")
    if expected["language"] != found.language:
        wrong.append(f"language: {expected['language']} != {found.language}")
    if len(expected["segments"]) != len(found.segments):
        return [*wrong, f"{len(expected['segments'])} segments != {len(found.segments)}"]
    for theirs, ours in zip(expected["segments"], found.segments, strict=True):
        for name in ("id", "seek", "text", "temperature"):
            if theirs[name] != getattr(ours, name):
                wrong.append(f"{name}: {theirs[name]!r} != {getattr(ours, name)!r}")
        if tuple(theirs["tokens"]) != ours.tokens:
            wrong.append(f"tokens of {ours.text!r}")
        for name in ("start", "end", "avg_logprob", "no_speech_prob", "compression_ratio"):
            if abs(theirs[name] - getattr(ours, name)) > 1e-3:
                wrong.append(f"{name}: {theirs[name]} != {getattr(ours, name)}")
        wrong += _word_differences(theirs.get("words", []), ours.words or ())
    return wrong


def _word_differences(theirs: list[dict[str, Any]], ours: tuple[Any, ...]) -> list[str]:
    expected = [(word["word"], round(word["start"], 2), round(word["end"], 2)) for word in theirs]
    found = [(word.word, round(word.start, 2), round(word.end, 2)) for word in ours]
    return [] if expected == found else [f"words: {expected} != {found}"]
