"""From measured real-time factors to remaining seconds. Pure functions.

A real-time factor is seconds of work per second of audio. Measured factors are kept by speed key: see speed_key().
"""

from collections.abc import Mapping, Sequence
from heapq import heapreplace
from itertools import groupby

from localwhisper.jobs.job import Job, JobState
from localwhisper.jobs.priority import may_preempt, priority_class
from localwhisper.options import Options

# Real-time factors assumed until one is measured on this machine.
DEFAULT_REAL_TIME_FACTORS: Mapping[str, float] = {
    "demo": 0.05,
    "tiny": 0.1,
    "base": 0.2,
    "small": 0.5,
    "medium": 1.5,
    "large": 3.0,
    "turbo": 1.2,
}
START_S = 0.3  # opening the audio, whatever its length
WINDOW_S = 30.0  # the encoder always processes a whole window, also when less audio is left
# Suffix of the speed keys of audio shorter than a window; those factors include opening the file.
CLIP = "clip"
# With quality "fast", a window that isn't full is padded by this much silence, and has at least this length.
MIN_ENCODED_S, PADDING_S = 10.0, 3.0
NEWEST_WEIGHT = 0.5  # of the newest measurement against the mean of those before


def speed_key(options: Options) -> str:
    """Identifies jobs that run at about the same speed; just the model's name when the quality is exact."""
    quality = None if options.quality == "exact" else options.quality
    return " ".join(filter(None, (options.model, quality, options.batch)))


def measured_factor(key: str, measured: Mapping[str, float]) -> float | None:
    """The real-time factor measured for a speed key, or else for its model; None if there is neither."""
    model = key.split(" ")[0]
    for candidate in (key, f"{key} {CLIP}", model, f"{model} {CLIP}"):
        if candidate in measured:
            return measured[candidate]
    return None


def real_time_factor(key: str, measured: Mapping[str, float]) -> float:
    """The measured real-time factor, or the default for the model's family."""
    factor = measured_factor(key, measured)
    if factor is not None:
        return factor
    model = key.split(" ")[0]
    family = "turbo" if model.endswith("turbo") else model.split(".")[0].split("-v")[0]
    return DEFAULT_REAL_TIME_FACTORS.get(family, 1.0)


def effective_audio_s(audio_s: float, key: str = "") -> float:
    """Seconds of audio weighted by cost: half of the work goes into windows, however full, half into what is said."""
    full_windows_s = WINDOW_S * (audio_s // WINDOW_S)
    rest_s = audio_s - full_windows_s
    last_window_s = WINDOW_S if rest_s > 0 else 0.0
    if rest_s > 0 and "fast" in key.split(" ")[1:]:
        last_window_s = min(WINDOW_S, max(MIN_ENCODED_S, rest_s + PADDING_S))
    return (audio_s + full_windows_s + last_window_s) / 2


def with_measurement(measured: Mapping[str, float], key: str, *, work_s: float, audio_s: float) -> dict[str, float]:
    """The measured factors with one more job included. A job resumed at its very end (audio_s = 0) is ignored."""
    if audio_s <= 0:
        return dict(measured)
    is_clip = audio_s < WINDOW_S
    factor = max(work_s - (0.0 if is_clip else START_S), 0.05) / effective_audio_s(audio_s, key)
    if is_clip:
        key = f"{key} {CLIP}"
    previous = measured.get(key, factor)
    return {**measured, key: previous + NEWEST_WEIGHT * (factor - previous)}


def work_s(job: Job, measured: Mapping[str, float]) -> float:
    """Seconds of work left in a job that is queued or running."""
    key = speed_key(job.options)
    left_s = effective_audio_s(job.audio_duration, key) * (1 - job.progress / 100)
    clip_factor = measured.get(f"{key} {CLIP}") if job.audio_duration < WINDOW_S else None
    if clip_factor is not None:
        return left_s * clip_factor
    start_s = START_S if job.state is not JobState.PROCESSING else 0.0
    return start_s + left_s * real_time_factor(key, measured)


def waits_s(
    queued: Sequence[Job], running: Sequence[Job], n_workers: int, measured: Mapping[str, float]
) -> dict[str, float]:
    """Seconds until each queued job starts, by job id; `queued` is in scheduling order.

    One pass over the queue for each priority class in it: which of the running jobs a queued job waits for depends on
    its class alone.
    """
    waits: dict[str, float] = {}
    queued_work_s = [work_s(job, measured) for job in queued]
    start = 0
    for _, jobs in groupby(queued, key=priority_class):
        group = list(jobs)
        free_at_s = [0.0] * max(n_workers, 1)  # when each worker is free; a heap
        for job in running:
            if not may_preempt(group[0], job):
                heapreplace(free_at_s, free_at_s[0] + work_s(job, measured))
        for ahead_s in queued_work_s[:start]:
            heapreplace(free_at_s, free_at_s[0] + ahead_s)
        for job in group:
            waits[job.id] = free_at_s[0]
            heapreplace(free_at_s, free_at_s[0] + queued_work_s[start])
            start += 1
    return waits
