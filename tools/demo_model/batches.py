"""Batches for the training loop: log-mel spectrograms of windows, and their labels as padded tensors."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from whisper.audio import HOP_LENGTH, N_FFT, mel_filters

from tools.demo_model.labels import FRAME_S, MAX_PROMPT_TOKENS, NO_TARGET, Labeller, Labels, TokenTable
from tools.demo_model.pool import Pool
from tools.demo_model.windows import Composer, PlacedWord, Window

_MELS_PER_FRAME = 2


@dataclass(frozen=True)
class Stage:
    """A stage of the training on clips of `length_s`. `kinds`: weights of windows.KINDS; shares are from 0 to 1."""

    length_s: float
    batch: int
    steps: int
    lr_from: float
    lr_to: float
    kinds: tuple[float, float, float, float]
    prompts: float = 0.0
    is_moved: bool = False  # clips are anywhere in the 30 s of context, not at its start
    word_loss: float = 0.3
    guide_loss: float = 0.3


@dataclass
class Batch:
    """mel: (b, 80, 2 n); tokens, targets, look_from, look_to: (b, m); frame_words: (b, n)."""

    mel: Tensor
    tokens: Tensor
    targets: Tensor
    look_from: Tensor
    look_to: Tensor
    frame_words: Tensor
    offset: int


class BatchMaker:
    """Composes the batch of a step. The same seed and step give the same batch."""

    def __init__(self, pool: Pool, table: TokenTable, seed: int) -> None:
        self._pool, self._table, self._seed = pool, table, seed

    def batch(self, stage: Stage, step: int, size: int) -> Batch:
        composer = Composer(self._pool, self._seed * 1_000_003 + step)
        rng = composer.rng
        labeller = Labeller(self._table, rng)
        n_frames = round(stage.length_s / FRAME_S)
        offset = rng.randint(0, 1500 - n_frames) if stage.is_moved and rng.random() < 0.75 else 0
        has_prompt = rng.random() < stage.prompts  # for the whole batch, to save padding
        rows: list[Labels] = []
        mels: list[Tensor] = []
        for _ in range(size):
            window = composer.window(stage.length_s, stage.kinds)
            with_times = rng.random() < 0.85
            prompt = self._prompt(labeller, window, rng, with_times) if has_prompt else []
            rows.append(labeller.label(window, prompt=prompt, with_times=with_times, offset_s=offset * FRAME_S))
            mels.append(_tilted(log_mel(window, rng), rng))
        return _collate(rows, torch.stack(mels), self._table.eot, n_frames, offset)

    def _prompt(self, labeller: Labeller, window: Window, rng: random.Random, with_times: bool) -> list[int]:
        """Other text from the pool, formatted like the output of earlier windows."""
        n_tokens = MAX_PROMPT_TOKENS if rng.random() < 0.55 else rng.randint(3, MAX_PROMPT_TOKENS)
        timed = with_times if rng.random() < 0.9 else not with_times
        language = window.language if rng.random() < 0.95 else rng.choice(("en", "es"))
        earlier: list[list[PlacedWord]] = []
        n_words = 0
        while n_words < n_tokens:
            item, _ = self._pool.draw(rng, language, rng.random() < 0.6)
            first = rng.randrange(len(item.word_ids))
            shift = rng.uniform(0, 5) - float(item.starts_s[first])
            words = [
                PlacedWord(int(word), float(start) + shift, float(end) + shift)
                for word, start, end in zip(
                    item.word_ids[first:], item.starts_s[first:], item.ends_s[first:], strict=True
                )
                if end + shift < 30
            ]
            earlier.append(words)
            n_words += len(words) + 1
        return labeller.prompt(earlier, with_times=timed, n_tokens=n_tokens)


def log_mel(window: Window, rng: random.Random) -> Tensor:
    """Whisper's log-mel of the content, padded as openai-whisper pads: with 0.0, or the value of digital silence."""
    n_mels = round(window.length_s / FRAME_S) * _MELS_PER_FRAME
    audio = F.pad(torch.from_numpy(window.samples.astype(np.float32)), (0, N_FFT))
    spectrum = torch.stft(audio, N_FFT, HOP_LENGTH, window=torch.hann_window(N_FFT), return_complex=True)
    power = spectrum[..., :-1].abs() ** 2
    log_spec = torch.clamp(mel_filters("cpu", 80) @ power, min=1e-10).log10()
    loudest = log_spec.max() + (rng.uniform(0, 0.7) if rng.random() < 0.3 else 0)  # elsewhere, the file may be louder
    log_spec = (torch.maximum(log_spec, loudest - 8.0) + 4.0) / 4.0
    content = log_spec[:, : min(n_mels, -(-len(window.samples) // HOP_LENGTH))]
    padding = 0.0 if rng.random() < 0.7 else float((loudest - 8.0 + 4.0) / 4.0)
    return F.pad(content, (0, n_mels - content.shape[1]), value=padding)


def _tilted(mel: Tensor, rng: random.Random) -> Tensor:
    """A slight slope over the bands in a third of the windows, as from another microphone."""
    if rng.random() > 0.33:
        return mel
    return mel + torch.linspace(-1, 1, mel.shape[0])[:, None] * rng.uniform(-0.12, 0.12)


def _collate(rows: list[Labels], mel: Tensor, eot: int, n_frames: int, offset: int) -> Batch:
    width = max(len(row.tokens) for row in rows)

    def padded(lists: list[list[int]], value: int) -> Tensor:
        return torch.tensor([x + [value] * (width - len(x)) for x in lists])

    return Batch(
        mel=mel,
        tokens=padded([row.tokens for row in rows], eot),
        targets=padded([row.targets for row in rows], NO_TARGET),
        look_from=padded([row.look_from for row in rows], 0).clamp(max=n_frames - 1),
        look_to=padded([row.look_to for row in rows], 0).clamp(max=n_frames),
        frame_words=torch.from_numpy(np.stack([row.frame_words for row in rows])),
        offset=offset,
    )
