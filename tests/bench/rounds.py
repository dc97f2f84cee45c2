"""Interleaved timing, so that other load on the machine affects all alike. Ratios compare times of the same round."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """A speed-up over the rounds."""

    median: float
    low: float
    high: float


Times = Mapping[str, list[float]]  # seconds by contestant, one for each round


def interleaved(
    work: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> Times:
    """Run each once to warm up, then all of them in turn `rounds` times."""
    times_s: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, function in work.items():
            started_s = clock()
            function()
            if number > 0:
                times_s[name].append(clock() - started_s)
    return times_s


def ratio(times: Times, of: str, to: str) -> Ratio:
    """The speed-up of `of` over `to`."""
    ratios = [slow / quick for slow, quick in zip(times[to], times[of], strict=True)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))
