"""The order in which jobs run: short clips, then high priority, then by age.

A clip takes seconds where a recording takes hours, so it runs as soon as it is submitted.
"""

from datetime import datetime

from localwhisper.jobs.job import Job

N_CLASSES = 4
SHORT_S = 30.0  # of audio: one of Whisper's windows


def priority_class(job: Job) -> int:
    """Return 0 for clips with high priority, 1 for other clips, 2 for recordings with high priority, else 3."""
    return 2 * (job.audio_duration >= SHORT_S) + (job.options.priority != "high")


def scheduling_key(job: Job) -> tuple[int, datetime]:
    """Return the sort key by which jobs run, in ascending order."""
    return priority_class(job), job.created_at


def may_preempt(queued: Job, running: Job) -> bool:
    """Whether a running job is to pause for a queued one. Clips are never paused: they end soon by themselves."""
    return running.audio_duration >= SHORT_S and priority_class(queued) < priority_class(running)
