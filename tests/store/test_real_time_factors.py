"""The file of measured real-time factors."""

import json
from pathlib import Path

import pytest

from localwhisper.jobs.estimates import FactorKey
from localwhisper.store.real_time_factors import MAX_WORKERS, RealTimeFactors, load_factors, save_factors

TINY = FactorKey(model="tiny")


def test_factors_are_loaded_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "speeds.json"
    factors = {TINY: 0.1, FactorKey(model="medium", quality="fast", is_clip=True): 1.5}
    save_factors(path, factors)
    assert load_factors(path) == factors
    assert set(json.loads(path.read_bytes())) == {"tiny", "medium fast clip"}


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"5", b"\xff", b'{"tiny":"fast"}', b'{"tiny":[]}', b'{"tiny":null}', b"[" * 100_000]
)
def test_a_damaged_file_gives_no_factors(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "speeds.json"
    path.write_bytes(data)
    assert load_factors(path) == {}
    save_factors(path, {TINY: 0.1})
    assert load_factors(path) == {TINY: 0.1}


def test_impossible_factors_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "speeds.json"
    path.write_bytes(b'{"a":-1,"b":0,"c":NaN,"d":Infinity,"e":2}')
    assert load_factors(path) == {FactorKey(model="e"): 2.0}


def test_a_file_that_cannot_be_written_raises_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "speeds.json"
    assert load_factors(path) == {}
    save_factors(path, {TINY: 0.1})
    assert load_factors(path) == {}


def test_a_worker_s_own_speed_counts_before_that_of_all() -> None:
    factors = RealTimeFactors({TINY: 0.1}, lambda measured: None)
    factors.record(TINY, work_s=200, audio_s=1000, worker="slow")
    assert factors.of("slow")[TINY] > factors.of("new")[TINY] == factors.measured[TINY] > 0.1
    for number in range(MAX_WORKERS):
        factors.record(TINY, work_s=100, audio_s=1000, worker=str(number))
    assert "slow" not in factors.by_worker
