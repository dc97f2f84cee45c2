"""The real-time factors measured on this machine, and the file that keeps them across restarts.

What they mean, and what they say about a job, is in jobs.estimates.
"""

import json
import logging
import math
from collections.abc import Callable
from pathlib import Path

from localwhisper.atomic import write_atomically
from localwhisper.errors import LocalWhisperError
from localwhisper.jobs.estimates import FactorKey, Factors, with_measurement

MAX_WORKERS = 1000  # the last that did a job; a worker has a new name each time it connects
log = logging.getLogger(__name__)


def load_factors(path: Path) -> dict[FactorKey, float]:
    """Read the factors. A missing or damaged file gives none: they are measured again."""
    try:
        record = json.loads(path.read_bytes())
        factors = {FactorKey.from_label(label): float(factor) for label, factor in record.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        log.warning("%s is unreadable; real-time factors are measured again: %s", path.name, type(error).__name__)
        return {}
    return {key: factor for key, factor in factors.items() if 0 < factor < math.inf}


def save_factors(path: Path, factors: Factors) -> None:
    """Replace the file. A failure is logged; the next measurement tries again."""
    record = {key.label: factor for key, factor in factors.items()}
    try:
        write_atomically(path, json.dumps(record, indent=1).encode(), durable=False)
    except LocalWhisperError as error:
        log.warning("real-time factors could not be saved: %s", error)


class RealTimeFactors:
    """The measured factors in memory. Threading: the event loop's thread only."""

    def __init__(self, measured: Factors, save: Callable[[Factors], None]) -> None:
        """`save` is called with all factors after each measurement, and must not block."""
        self.measured = dict(measured)  # replaced, never changed in place
        self.by_worker: dict[str, Factors] = {}  # those of a cluster's workers, by name; they aren't saved
        self._save = save

    def record(self, key: FactorKey, *, work_s: float, audio_s: float, worker: str | None = None) -> None:
        """Include one more job: seconds of work for seconds of audio. `worker`: of a cluster, that had the job."""
        self.measured = with_measurement(self.measured, key, work_s=work_s, audio_s=audio_s)
        if worker is not None:
            own = self.by_worker.pop(worker, {})
            self.by_worker[worker] = with_measurement(own, key, work_s=work_s, audio_s=audio_s)
            for name in list(self.by_worker)[:-MAX_WORKERS]:
                del self.by_worker[name]
        self._save(self.measured)

    def of(self, worker: str) -> Factors:
        """Those of this worker where they were measured, otherwise those of all."""
        return {**self.measured, **self.by_worker.get(worker, {})}
