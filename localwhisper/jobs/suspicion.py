"""Which jobs may have ended the program, and what follows for them. Pure functions.

A kill or a power cut is no evidence against a job: it just continues. After a crash with evidence (see PreviousEnd),
each job that was running is a suspect. So is one that was running at many ends in a row without finishing a window.
Suspects run one at a time, with nothing beside them and with a smaller footprint, until each has finished one window.
One that ends the program again meanwhile is set aside: it fails, and keeps its text so far.
"""

from dataclasses import replace
from enum import Enum

from localwhisper.jobs.job import Job

MAX_CRASHES = 2  # with evidence, in the same window; after memory ran out, there is one more attempt
SUSPECT_AFTER = 10  # ends without evidence, in the same window
SMALLEST_AFTER = 15
MAX_INTERRUPTIONS = 20  # ends of any kind, in the same window


class PreviousEnd(Enum):
    """How the program ended when it last used the data directory."""

    CLEAN = "stopped"
    KILLED = "killed, or the machine stopped"
    CRASHED = "ended by a fault in its code"
    OUT_OF_MEMORY = "ended because memory ran out"


class Footprint(Enum):
    """How much of the machine an execution takes. Its text is the same, except that of SMALLEST, in a word perhaps."""

    USUAL = "several windows at once, on all cores"
    SMALL = "one window at a time, on one core"
    SMALLEST = "besides, with weights in the formats of quality=compact"


def after_end(job: Job, end: PreviousEnd, n_windows: int) -> Job:
    """Return a job that was running at the program's end, in its window number `n_windows`, with that end counted."""
    if job.crashed_window != n_windows:
        job = replace(job, crashes=0, interruptions=0, crashed_window=n_windows)
    return replace(
        job,
        crashes=job.crashes + (end in (PreviousEnd.CRASHED, PreviousEnd.OUT_OF_MEMORY)),
        interruptions=job.interruptions + (end is not PreviousEnd.CLEAN),
    )


def is_suspect(job: Job) -> bool:
    return job.crashes > 0 or job.interruptions >= SUSPECT_AFTER


def is_to_be_set_aside(job: Job, end: PreviousEnd) -> bool:
    """`end`: the last one, which is counted already."""
    max_crashes = MAX_CRASHES + 1 if end is PreviousEnd.OUT_OF_MEMORY else MAX_CRASHES
    return job.crashes >= max_crashes or job.interruptions >= MAX_INTERRUPTIONS


def footprint(job: Job) -> Footprint:
    """The footprint of the job's next execution; one other than the usual ends after a window."""
    if job.crashes >= MAX_CRASHES or job.interruptions >= SMALLEST_AFTER:
        return Footprint.SMALLEST
    return Footprint.SMALL if is_suspect(job) else Footprint.USUAL


def cleared(job: Job) -> Job:
    """Return the job without suspicion: it has finished a window, or is retried."""
    return replace(job, crashes=0, interruptions=0)
