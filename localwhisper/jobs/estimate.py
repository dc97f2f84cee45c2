"""From measured speeds to remaining times."""

from collections.abc import Iterable, Mapping

from localwhisper.jobs.model import Job, JobState, Options

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
START_S = 0.3  # opening the audio, whatever its length
WINDOW_S = 30.0  # the unit in which whisper listens, also where less is left
CLIP = "clip"  # behind the pace of less than a window, which is measured for itself and as a whole, opening it and all
LEAST_HEARD_S, SILENCE_BEHIND_S = 10.0, 3.0  # of a window that isn't full, where quality is fast: engine/run.py
NEW_WEIGHT = 0.5  # of the newest measurement against those before


def pace(options: Options) -> str:
    """What jobs of about the same speed have in common; by its model's name alone where it is exact."""
    quality = None if options.quality == "exact" else options.quality
    return " ".join(filter(None, (options.model, quality, options.batch)))


def measured_factor(pace: str, measured: Mapping[str, float]) -> float | None:
    """Seconds of work for one second of audio: as measured for the pace, else for its model, else not at all."""
    model = pace.split(" ")[0]
    for key in (pace, f"{pace} {CLIP}", model, f"{model} {CLIP}"):
        if key in measured:
            return measured[key]
    return None


def real_time_factor(pace: str, measured: Mapping[str, float]) -> float:
    """As measured_factor; else a guess."""
    found = measured_factor(pace, measured)
    if found is not None:
        return found
    model = pace.split(" ")[0]
    family = "turbo" if model.endswith("turbo") else model.split(".")[0].split("-v")[0]
    return DEFAULT_REAL_TIME_FACTORS.get(family, 1.0)


def effort_s(audio_s: float, pace: str = "") -> float:
    """Seconds of audio as they weigh: half of the work is in the windows, however full, and half in what is said."""
    full_s = WINDOW_S * (audio_s // WINDOW_S)
    rest_s = audio_s - full_s
    last_s = WINDOW_S if rest_s > 0 else 0.0
    if rest_s > 0 and "fast" in pace.split(" ")[1:]:
        last_s = min(WINDOW_S, max(LEAST_HEARD_S, rest_s + SILENCE_BEHIND_S))
    return (audio_s + full_s + last_s) / 2


def updated(measured: Mapping[str, float], pace: str, *, work_s: float, audio_s: float) -> dict[str, float]:
    """The measured factors with one more job in them; one that was resumed at its very end says nothing."""
    if audio_s <= 0:
        return dict(measured)
    is_clip = audio_s < WINDOW_S
    factor = max(work_s - (0.0 if is_clip else START_S), 0.05) / effort_s(audio_s, pace)
    key = f"{pace} {CLIP}" if is_clip else pace
    old = measured.get(key, factor)
    return {**measured, key: old + NEW_WEIGHT * (factor - old)}


def work_s(job: Job, measured: Mapping[str, float]) -> float:
    """Seconds of work left in a job that waits or runs."""
    its = pace(job.options)
    left_s = effort_s(job.audio_duration, its) * (1 - job.progress / 100)
    clip = measured.get(f"{its} {CLIP}") if job.audio_duration < WINDOW_S else None
    if clip is not None:
        return left_s * clip
    start_s = START_S if job.state is not JobState.PROCESSING else 0.0
    return start_s + left_s * real_time_factor(its, measured)


def wait_s(ahead: Iterable[Job], workers: int, measured: Mapping[str, float]) -> float:
    """Seconds until a worker is free for a job behind these (running and waiting, in order)."""
    free_at = [0.0] * max(workers, 1)
    for job in ahead:
        free_at.sort()
        free_at[0] += work_s(job, measured)
    return min(free_at)
