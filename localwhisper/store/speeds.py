"""The real-time factors measured on this machine, and the file that keeps them across restarts."""

import json
import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path

from localwhisper.atomic import write_atomically
from localwhisper.errors import LocalWhisperError
from localwhisper.jobs import estimates

log = logging.getLogger(__name__)


def load_speeds(path: Path) -> dict[str, float]:
    """Seconds of work for a second of audio, by model; empty where the file is missing or damaged."""
    try:
        record = json.loads(path.read_bytes())
        factors = {str(model): float(factor) for model, factor in record.items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}
    return {model: factor for model, factor in factors.items() if 0 < factor < math.inf}


def save_speeds(path: Path, factors: Mapping[str, float]) -> None:
    """Replace the file; where the disk can't, the next measurement tries again."""
    try:
        write_atomically(path, json.dumps(dict(factors), indent=1).encode())
    except LocalWhisperError as error:
        log.warning("speeds could not be saved: %s", error)


class RealTimeFactors:
    """`save` is called with all factors after each measurement; it may take its time elsewhere."""

    def __init__(self, factors: Mapping[str, float], save: Callable[[Mapping[str, float]], None]) -> None:
        self.factors = dict(factors)
        self._save = save

    def record(self, speed_key: str, *, work_s: float, audio_s: float) -> None:
        """One more job: seconds of work for seconds of audio."""
        self.factors = estimates.with_measurement(self.factors, speed_key, work_s=work_s, audio_s=audio_s)
        self._save(self.factors)
