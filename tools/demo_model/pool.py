"""The pool of synthesised speech for training: built once in shards, then memory-mapped.

Defines the texts, voices and rates of the pool, and its files. `windows.py` cuts windows from it.
"""

from __future__ import annotations

import multiprocessing
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.demo_model.speech import ACCENTS, SAMPLE_RATE, VARIANTS, Spoken, Synthesizer, Voice
from tools.demo_model.words import LANGUAGES, Text, random_reading, random_utterance, vocabulary

WORDS: list[tuple[str, str]] = [(lang, word) for lang in LANGUAGES for word in vocabulary(lang)]
WORD_ID = {key: i for i, key in enumerate(WORDS)}


@dataclass(frozen=True)
class Item:
    """One reading in the pool. word_ids: int16 index into WORDS; starts_s, ends_s: float32; all (n_words,)."""

    language: str
    is_reading: bool
    offset: int
    n_samples: int
    word_ids: np.ndarray
    starts_s: np.ndarray
    ends_s: np.ndarray


def random_voice(rng: random.Random, language: str, variants: list[str] = VARIANTS) -> Voice:
    """A random voice for training; plain voices and usual rates are more frequent."""
    accents = ACCENTS[language]
    accent = accents[0] if rng.random() < 0.5 else rng.choice(accents)
    name = accent if rng.random() < 0.3 else f"{accent}+{rng.choice(variants)}"
    rate = rng.choices((150, 175, rng.randint(100, 225), rng.randint(190, 230)), (3, 1.5, 4, 1.5))[0]
    pitch = 50 if rng.random() < 0.5 else rng.randint(25, 75)
    pitch_range = 50 if rng.random() < 0.6 else rng.randint(20, 80)
    return Voice(name, rate, pitch, pitch_range)


def random_text(rng: random.Random, language: str, is_reading: bool) -> Text:
    if not is_reading:
        return random_utterance(rng, language)
    return random_reading(rng, language, rng.choice((20, 40, 80, 120, 200, 360)))


def _build_shard(folder: Path, shard: int, seed: int, hours: float) -> None:
    """Build one shard: the languages alternate, and two thirds of the time are readings."""
    rng = random.Random(seed * 1000 + shard)
    synthesizer = Synthesizer()
    spoken: list[Spoken] = []
    kinds: list[bool] = []
    seconds = {(lang, kind): 0.0 for lang in LANGUAGES for kind in (False, True)}
    share = {False: 0.4, True: 0.6}
    for key in seconds:
        while seconds[key] < hours * 3600 / len(LANGUAGES) * share[key[1]]:
            item = synthesizer.speak(random_text(rng, *key), random_voice(rng, key[0]))
            if item is not None:
                spoken.append(item)
                kinds.append(key[1])
                seconds[key] += item.duration_s
    counts = np.array([len(item.text.words) for item in spoken])
    np.concatenate([item.samples for item in spoken]).tofile(folder / f"{shard}.i16")
    np.savez(
        folder / f"{shard}.npz",
        language=np.array([LANGUAGES.index(item.text.language) for item in spoken]),
        is_reading=np.array(kinds),
        n_samples=np.array([len(item.samples) for item in spoken]),
        n_words=counts,
        word_ids=np.array([WORD_ID[item.text.language, w] for item in spoken for w in item.text.words], np.int16),
        starts_s=np.concatenate([item.starts_s for item in spoken]).astype(np.float32),
        ends_s=np.concatenate([item.ends_s for item in spoken]).astype(np.float32),
    )


def build(folder: Path, *, seed: int, hours: float, n_shards: int = 24, processes: int = 2) -> None:
    """Synthesise the pool into `folder`, unless it is complete already."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(folder, k, seed, hours / n_shards) for k in range(n_shards) if not (folder / f"{k}.npz").exists()]
    with multiprocessing.get_context("spawn").Pool(processes, initializer=_one_thread) as workers:
        workers.starmap(_build_shard, jobs, chunksize=1)


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


class Pool:
    """The memory-mapped shards, with items grouped by language and by whether they are long readings."""

    def __init__(self, folder: Path) -> None:
        self._audio: list[np.ndarray] = []
        self.items: dict[tuple[str, bool], list[tuple[int, Item]]] = {
            (lang, kind): [] for lang in LANGUAGES for kind in (False, True)
        }
        for path in sorted(folder.glob("*.npz")):
            self._load_shard(path)

    def _load_shard(self, path: Path) -> None:
        shard = len(self._audio)
        self._audio.append(np.memmap(path.with_suffix(".i16"), np.int16, "r"))
        with np.load(path) as meta:
            offsets = np.concatenate([[0], np.cumsum(meta["n_samples"])])
            edges = np.concatenate([[0], np.cumsum(meta["n_words"])])
            columns = {name: meta[name] for name in ("word_ids", "starts_s", "ends_s")}
            for i, language in enumerate(meta["language"]):
                words = {name: values[edges[i] : edges[i + 1]] for name, values in columns.items()}
                item = Item(
                    LANGUAGES[language],
                    bool(meta["is_reading"][i]),
                    int(offsets[i]),
                    int(meta["n_samples"][i]),
                    **words,
                )
                self.items[item.language, item.is_reading].append((shard, item))

    def draw(self, rng: random.Random, language: str, is_reading: bool) -> tuple[Item, np.ndarray]:
        """A random item and its samples, int16, shape (n_samples,)."""
        shard, item = rng.choice(self.items[language, is_reading])
        return item, self._audio[shard][item.offset : item.offset + item.n_samples]

    @property
    def hours(self) -> float:
        n_samples = sum(item.n_samples for group in self.items.values() for _, item in group)
        return n_samples / SAMPLE_RATE / 3600
