"""Which job goes before which: short clips, then those with priority, then by age.

A clip takes seconds where a recording takes hours, so that it is answered as if it were next.
"""

from datetime import datetime

from localwhisper.jobs.model import Job

SHORT_S = 30.0  # of audio: a window of whisper's


def order(job: Job) -> tuple[int, datetime]:
    """The smaller goes first."""
    return 2 * (job.audio_duration >= SHORT_S) + (job.options.priority != "high"), job.created_at


def may_preempt(waiting: Job, running: Job) -> bool:
    """Whether a job is so urgent that the other, which has no end in sight, rests meanwhile."""
    return running.audio_duration >= SHORT_S and order(waiting)[0] < order(running)[0]
