"""The real-time factors measured on this machine, kept across restarts."""

from collections.abc import Callable, Mapping

from localwhisper.jobs import estimate


class Speeds:
    """`save` is called with all factors after each measurement; it may take its time elsewhere."""

    def __init__(self, factors: Mapping[str, float], save: Callable[[Mapping[str, float]], None]) -> None:
        self.factors = dict(factors)
        self._save = save

    def record(self, pace: str, *, work_s: float, audio_s: float) -> None:
        """One more job: seconds of work for seconds of audio."""
        self.factors = estimate.updated(self.factors, pace, work_s=work_s, audio_s=audio_s)
        self._save(self.factors)
