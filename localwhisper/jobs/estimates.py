"""From measured real-time factors to remaining seconds. Pure functions.

A real-time factor is seconds of work per second of audio. Each FactorKey has its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapreplace
from itertools import groupby
from statistics import median
from typing import cast, get_args

from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.priority import may_preempt, priority_class
from localwhisper.options import Batch, Options, Quality

# Real-time factors assumed until one is measured on this machine: about those of two cores of a Xeon with AVX-512.
DEFAULT_REAL_TIME_FACTORS: Mapping[str, float] = {
    "demo": 0.05,
    "tiny": 0.04,
    "base": 0.08,
    "small": 0.25,
    "medium": 0.75,
    "large": 1.5,
    "turbo": 0.8,
}
OTHER_MODEL_FACTOR = 1.0
START_S = 0.3  # opening the audio, whatever its length
WINDOW_S = 30.0  # the encoder always processes a whole window, also when less audio is left
# With quality "fast", a window that isn't full is padded with this much silence, and has at least this length.
# engine.window_decoder has the same values in frames.
MIN_ENCODED_S, PADDING_S = 10.0, 3.0
OBSERVED_PERCENT = 10.0  # of the audio, after which a job's own pace alone counts
NEWEST_WEIGHT = 0.5  # of a new measurement, against the mean of those before


@dataclass(frozen=True, kw_only=True)
class FactorKey:
    """What the real-time factor of a job depends on."""

    model: str
    quality: Quality = "exact"
    batch: Batch | None = None
    is_clip: bool = False  # audio shorter than a window; these factors include opening the file

    @classmethod
    def of(cls, options: Options) -> "FactorKey":
        """Return the key of recordings transcribed with these options."""
        return cls(model=options.model, quality=options.quality, batch=options.batch)

    @property
    def variant(self) -> str:
        """All but the model as text; empty for a recording in the default quality."""
        quality = None if self.quality == "exact" else self.quality
        return " ".join(filter(None, (quality, self.batch, "clip" if self.is_clip else None)))

    @property
    def label(self) -> str:
        """The key as text, for files."""
        return f"{self.model} {self.variant}".rstrip()

    @classmethod
    def from_label(cls, label: str) -> "FactorKey":
        """Return the key that has this label."""
        words = label.split(" ")

        def suffix(choices: Sequence[str]) -> str | None:
            return words.pop() if len(words) > 1 and words[-1] in choices else None

        is_clip = suffix(["clip"]) is not None
        batch = cast(Batch | None, suffix(get_args(Batch)))
        quality = cast(Quality, suffix(get_args(Quality)) or "exact")
        return cls(model=" ".join(words), quality=quality, batch=batch, is_clip=is_clip)


Factors = Mapping[FactorKey, float]


def measured_factor(key: FactorKey, measured: Factors) -> float | None:
    """Return the real-time factor measured for this key, or else for its model; None if there is neither."""
    model_key = FactorKey(model=key.model)
    for candidate in (key, replace(key, is_clip=True), model_key, replace(model_key, is_clip=True)):
        if candidate in measured:
            return measured[candidate]
    return None


def real_time_factor(key: FactorKey, measured: Factors) -> float:
    """Return the measured real-time factor, or the default one in proportion to what was measured of other models."""
    factor = measured_factor(key, measured)
    if factor is not None:
        return factor
    others = [
        other_factor / default
        for other, other_factor in measured.items()
        if (default := _default_factor(other.model)) is not None and not other.is_clip and other.model != "demo"
    ]
    default = _default_factor(key.model)
    return (OTHER_MODEL_FACTOR if default is None else default) * (median(others) if others else 1.0)


def _default_factor(model: str) -> float | None:
    """That of the model's family; None for an imported one."""
    family = "turbo" if model.endswith("turbo") else model.split(".")[0].split("-v")[0]
    return DEFAULT_REAL_TIME_FACTORS.get(family)


def effective_audio_s(audio_s: float, quality: Quality = "exact") -> float:
    """Return the seconds of audio that cost as much with full windows: half of the cost is per window, half per second
    of audio."""
    full_windows_s = WINDOW_S * (audio_s // WINDOW_S)
    rest_s = audio_s - full_windows_s
    last_window_s = WINDOW_S if rest_s > 0 else 0.0
    if rest_s > 0 and quality == "fast":
        last_window_s = min(WINDOW_S, max(MIN_ENCODED_S, rest_s + PADDING_S))
    return (audio_s + full_windows_s + last_window_s) / 2


def with_measurement(measured: Factors, key: FactorKey, *, work_s: float, audio_s: float) -> dict[FactorKey, float]:
    """Return the measured factors with one more job included; one resumed at its very end (audio_s = 0) is ignored."""
    if audio_s <= 0:
        return dict(measured)
    key = replace(key, is_clip=audio_s < WINDOW_S)
    start_s = 0.0 if key.is_clip else START_S
    factor = max(work_s - start_s, 0.05) / effective_audio_s(audio_s, key.quality)
    previous = measured.get(key, factor)
    return {**measured, key: previous + NEWEST_WEIGHT * (factor - previous)}


def work_s(job: Job, measured: Factors) -> float:
    """Return the seconds of work left in a job that is queued or running."""
    key = FactorKey.of(job.options)
    selected_s = job.options.selected_s(0.0, job.audio_duration)
    left_s = effective_audio_s(selected_s, key.quality) * (1 - job.progress / 100)
    clip_factor = measured.get(replace(key, is_clip=True)) if selected_s < WINDOW_S else None
    if clip_factor is not None:
        return left_s * clip_factor
    start_s = START_S if job.state is not JobState.PROCESSING else 0.0
    return start_s + left_s * real_time_factor(key, measured)


def running_s(job: Job, worked_s: float, done_before_s: float, measured: Factors) -> float:
    """Return the seconds of work left in a running job, from its own pace as far as that has been observed.

    `worked_s`: of work since it was started or resumed, when `done_before_s` of the audio were done already.
    """
    expected_s = work_s(job, measured)
    selected_s = job.options.selected_s(0.0, job.audio_duration)
    before = 100 * job.options.selected_s(0.0, done_before_s) / selected_s if selected_s > 0 else 0.0
    observed = job.progress - before
    if observed <= 0:
        return expected_s
    own_s = worked_s * (100 - job.progress) / observed
    weight = min(observed / OBSERVED_PERCENT, 1.0)
    return weight * own_s + (1 - weight) * expected_s


def waits_s(
    queued: Sequence[Job], running: Sequence[Job], n_workers: int, work_s: Callable[[Job], float]
) -> dict[str, float]:
    """Return the seconds until each queued job starts, by job id; `queued` is in scheduling order.

    `work_s` returns the seconds of work left in a job.

    One pass over the queue for each priority class in it: which of the running jobs a queued job waits for depends on
    its class alone.
    """
    waits: dict[str, float] = {}
    queued_work_s = [work_s(job) for job in queued]
    start = 0
    for _, jobs in groupby(queued, key=priority_class):
        group = list(jobs)
        free_at_s = [0.0] * max(n_workers, 1)  # when each worker is free; a heap
        for job in running:
            if not may_preempt(group[0], job):
                heapreplace(free_at_s, free_at_s[0] + work_s(job))
        for ahead_s in queued_work_s[:start]:
            heapreplace(free_at_s, free_at_s[0] + ahead_s)
        for job in group:
            waits[job.id] = free_at_s[0]
            heapreplace(free_at_s, free_at_s[0] + queued_work_s[start])
            start += 1
    return waits
