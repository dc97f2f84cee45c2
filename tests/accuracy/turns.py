"""The error of speakers' turns, and recordings of several people made from recordings of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from localwhisper.jobs.transcript import Turn

STEP_S = 0.01
MAX_MATCHED = 8
RATE = 16_000
Span = tuple[float, float, str]  # start and end in seconds, speaker


@dataclass(frozen=True)
class DiarizationError:
    """Without a collar; where several talk at once, each of them counts."""

    rate: float  # missed, found where nobody speaks and confused speech, as a share of all speech
    missed: float
    false_alarm: float
    confused: float
    n_speakers: int
    n_found: int
    names: Mapping[str, str]  # of found speakers: who they are


def diarization_error(reference: Sequence[Span], found: Iterable[Turn]) -> DiarizationError:
    turns = [(turn.start, turn.end, turn.speaker) for turn in found]
    n_steps = round(max((end for _, end, _ in [*reference, *turns]), default=0.0) / STEP_S) + 1
    truth, guess = _activity(reference, n_steps), _activity(turns, n_steps)
    n_true, n_guessed = truth.sum(0), guess.sum(0)
    total = max(int(n_true.sum()), 1)
    names = _best_match(truth.astype(np.int64) @ guess.T.astype(np.int64))
    correct = sum(int((truth[one] & guess[other]).sum()) for one, other in names)
    true_names, found_names = (sorted({name for *_, name in spans}) for spans in (reference, turns))
    missed = int(np.maximum(n_true - n_guessed, 0).sum())
    false_alarm = int(np.maximum(n_guessed - n_true, 0).sum())
    confused = int(np.minimum(n_true, n_guessed).sum()) - correct
    return DiarizationError(
        rate=(missed + false_alarm + confused) / total,
        missed=missed / total,
        false_alarm=false_alarm / total,
        confused=confused / total,
        n_speakers=len(truth),
        n_found=len(guess),
        names={found_names[other]: true_names[one] for one, other in names},
    )


def _activity(spans: Sequence[Span], n_steps: int) -> NDArray[np.bool_]:
    """Who speaks in each step, shape (n_speakers, n_steps)."""
    names = sorted({name for *_, name in spans})
    activity = np.zeros((len(names), n_steps), bool)
    for start, end, name in spans:
        activity[names.index(name), round(start / STEP_S) : round(end / STEP_S)] = True
    return activity


def _best_match(steps: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The one-to-one match of speakers that has the most steps in common. `steps`: of each pair.

    Of more than MAX_MATCHED found ones, those who have the most in common with one.
    """
    if 0 in steps.shape:
        return []
    kept = np.argsort(-steps.max(0), kind="stable")[:MAX_MATCHED].tolist()
    rows, columns = (range(len(steps)), kept) if len(steps) <= len(kept) else (kept, range(len(steps)))
    table = steps if len(steps) <= len(kept) else steps.T
    best = max(permutations(columns, len(rows)), key=lambda order: int(table[list(rows), list(order)].sum()))
    pairs = zip(rows, best, strict=True)
    return [*pairs] if len(steps) <= len(kept) else [(one, other) for other, one in pairs]


def joined(clips: Sequence[tuple[str, NDArray[np.int16]]], *, gap_s: float) -> tuple[NDArray[np.int16], list[Span]]:
    """Clips one after the other, equally loud, with the turn of each; a negative gap lets them overlap."""
    total = sum(len(pcm) for _, pcm in clips) + round(len(clips) * (max(gap_s, 0.0) + 1) * RATE)
    mixed = np.zeros(total, np.float32)
    at, end, spans = 0, 0, []
    for name, pcm in clips:
        first, last = _loud_part(pcm)
        loud = pcm[first:last].astype(np.float32)
        loud *= 3000 / max(float(np.sqrt(np.mean(loud**2))), 1.0)
        mixed[at : at + len(loud)] += loud
        spans.append((at / RATE, (at + len(loud)) / RATE, name))
        end = at + len(loud)
        at = max(end + round(gap_s * RATE), 0)
    return np.clip(mixed[:end], -32768, 32767).astype(np.int16), spans


def _loud_part(pcm: NDArray[np.int16]) -> tuple[int, int]:
    """Without the silence before and after."""
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 0.05 * max(int(np.abs(pcm.astype(np.int32)).max()), 1))
    return (int(loud[0]), int(loud[-1]) + 1) if loud.size else (0, len(pcm))
