"""Timings taken in turn, so that what else the machine does falls on all alike; results are ratios of one round."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """How many times as fast as another, over the rounds."""

    median: float
    low: float
    high: float


Times = Mapping[str, list[float]]  # seconds by contestant, one a round


def interleaved(
    work: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> Times:
    """Each once to warm up, then `rounds` times all of them in turn."""
    times_s: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, one in work.items():
            started_s = clock()
            one()
            if number > 0:
                times_s[name].append(clock() - started_s)
    return times_s


def ratio(times: Times, of: str, to: str) -> Ratio:
    """How many times as fast `of` is as `to`."""
    ratios = [slow / quick for slow, quick in zip(times[to], times[of], strict=True)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))
