"""The real-time factors measured on this machine, and the file that keeps them across restarts.

What they mean, and what they say about a job, is in jobs.estimates.
"""

import json
import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from localwhisper.atomic import write_atomically
from localwhisper.errors import LocalWhisperError
from localwhisper.jobs import estimates

log = logging.getLogger(__name__)


def load_factors(path: Path) -> dict[str, float]:
    """Real-time factors by speed key. A missing or damaged file gives none: they are measured again."""
    try:
        record = json.loads(path.read_bytes())
        factors = {str(key): float(factor) for key, factor in record.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        log.warning("%s is unreadable; speeds are measured again: %s", path.name, type(error).__name__)
        return {}
    return {key: factor for key, factor in factors.items() if 0 < factor < math.inf}


def save_factors(path: Path, factors: Mapping[str, float]) -> None:
    """Replace the file. A failure is logged; the next measurement tries again."""
    try:
        write_atomically(path, json.dumps(dict(factors), indent=1).encode())
    except LocalWhisperError as error:
        log.warning("speeds could not be saved: %s", error)


class RealTimeFactors:
    """The measured factors in memory. Threading: the event loop's thread only."""

    def __init__(self, measured: Mapping[str, float], save: Callable[[Mapping[str, float]], None]) -> None:
        """`save` is called with all factors after each measurement, and must not block."""
        self.measured = dict(measured)  # by speed key; replaced, never changed in place
        self._save = save

    def record(self, key: str, *, work_s: float, audio_s: float) -> None:
        """Include one more job: seconds of work for seconds of audio."""
        self.measured = estimates.with_measurement(self.measured, key, work_s=work_s, audio_s=audio_s)
        self._save(self.measured)
