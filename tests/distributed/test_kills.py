"""Whatever is killed, and whatever the network does, jobs go on after their last window."""

import random
from collections import Counter
from pathlib import Path

from tests.torture.cluster_kills import torture

TIMES = {"worker": 10, "scheduler": 10, "server": 10, "cut": 2, "delay": 2}
SEED = 20261130


def test_no_job_is_lost_whatever_is_killed(tmp_path: Path) -> None:
    kinds = list(Counter(TIMES).elements())
    random.Random(SEED).shuffle(kinds)
    assert torture(tmp_path, kinds, SEED)["done"] == TIMES
