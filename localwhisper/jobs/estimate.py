"""From measured speeds to remaining times."""

from collections.abc import Iterable, Mapping

from localwhisper.jobs.model import Job, JobState

# Real-time factors (seconds of work for a second of audio) assumed until one is measured here.
DEFAULT_REAL_TIME_FACTORS: Mapping[str, float] = {
    "demo": 0.05,
    "tiny": 0.1,
    "base": 0.2,
    "small": 0.5,
    "medium": 1.5,
    "large": 3.0,
    "turbo": 1.2,
}
START_S = 1.0  # opening the audio and the first window, whatever its length
LEAST_AUDIO_S = 10.0  # in a shorter clip, opening the model is most of the work
NEW_WEIGHT = 0.5  # of the newest measurement against those before


def real_time_factor(model: str, measured: Mapping[str, float]) -> float:
    """Seconds of work for one second of audio."""
    family = "turbo" if model.endswith("turbo") else model.split(".")[0].split("-v")[0]
    return measured.get(model, DEFAULT_REAL_TIME_FACTORS.get(family, 1.0))


def updated(measured: Mapping[str, float], model: str, *, work_s: float, audio_s: float) -> dict[str, float]:
    """The measured factors with one more job in them."""
    if audio_s < LEAST_AUDIO_S:
        return dict(measured)
    factor = max(work_s - START_S, 0.05) / audio_s
    old = measured.get(model, factor)
    return {**measured, model: old + NEW_WEIGHT * (factor - old)}


def work_s(job: Job, measured: Mapping[str, float]) -> float:
    """Seconds of work left in a job that waits or runs."""
    left_s = job.audio_duration * (1 - job.progress / 100)
    start_s = START_S if job.state is not JobState.PROCESSING else 0.0
    return start_s + left_s * real_time_factor(job.options.model, measured)


def wait_s(ahead: Iterable[Job], workers: int, measured: Mapping[str, float]) -> float:
    """Seconds until a worker is free for a job behind these (running and waiting, in order)."""
    free_at = [0.0] * max(workers, 1)
    for job in ahead:
        free_at.sort()
        free_at[0] += work_s(job, measured)
    return min(free_at)
