"""Which plan is selected, and where it is remembered."""

import os
import subprocess
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from localwhisper.engine.calibration import plan_selection
from localwhisper.engine.calibration.__main__ import CHECK_EVERY_S, one_at_a_time
from localwhisper.engine.calibration.background import BackgroundCalibration
from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model import linear_formats
from localwhisper.engine.plans import MeasuredPlan, Plan, PlanStore
from localwhisper.engine.threads import ThreadTeam
from localwhisper.options import Quality
from tests.engine.random_model import REFERENCE, random_checkpoint

MEASURED = MeasuredPlan(plan=REFERENCE, encoder_speedup=1.0, decoder_speedup=2.0, deviation=1e-6)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return random_checkpoint()


def measure(checkpoint: Checkpoint, quality: Quality) -> MeasuredPlan:
    return plan_selection.measure_plan(checkpoint, quality)


@pytest.mark.parametrize("quality", ["exact", "fast", "compact"])
def test_a_wrong_format_is_never_selected(
    checkpoint: Checkpoint, quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formats that take no time and give zeros or NaN, or that aren't implemented."""

    def not_finite(weight: Tensor, bias: Tensor | None, team: ThreadTeam) -> object:
        return lambda x: torch.full((*x.shape[:-1], len(weight)), float("nan"))

    def wrong(weight: Tensor, bias: Tensor | None, team: ThreadTeam) -> object:
        return lambda x: x.new_zeros(*x.shape[:-1], len(weight))

    def missing(weight: Tensor, bias: Tensor | None, team: ThreadTeam) -> object:
        raise RuntimeError("not on this processor")

    builds: dict[str, Any] = {"int8-gemm": not_finite, "float16-weight-only": missing, "int8-weight-only": missing}
    for name, format in list(linear_formats.FORMATS.items()):
        if name not in ("float32", "float32-streamed"):  # the second is float32 too, and the smallest
            broken = replace(format, build=builds.get(name, wrong))
            monkeypatch.setitem(linear_formats.FORMATS, name, broken)  # type: ignore[arg-type]
    plan = measure(checkpoint, quality).plan
    expected = "float32-streamed" if quality == "compact" else "float32"
    assert (plan.encoder, plan.decoder) == (expected, "float32")


@pytest.mark.parametrize("quality", ["exact", "fast", "compact"])
def test_plans_are_within_the_tolerance_and_need_no_compiling(
    checkpoint: Checkpoint, quality: Quality, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_selection.kernel_cache(), "is_ready", lambda: False)
    measured = measure(checkpoint, quality)
    assert measured.deviation <= plan_selection.TOLERANCE[quality]
    assert not linear_formats.FORMATS[measured.plan.encoder].needs_kernels


# at its own low priority, the process would hardly compute beside other tests
AT_NORMAL_PRIORITY = """
import os, runpy
os.nice = lambda increment: 0
runpy.run_module("localwhisper.engine.calibration", run_name="__main__")
"""


def test_a_plan_is_selected_in_another_process(
    kernels: None, library: ModelLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo, run = library.loadable_path("demo"), subprocess.run
    assert demo is not None

    def run_at_normal_priority(command: list[str], **options: Any) -> object:
        assert command[1:3] == ["-m", "localwhisper.engine.calibration"]
        return run([command[0], "-c", AT_NORMAL_PRIORITY, *command[3:]], **options)

    monkeypatch.setattr(subprocess, "run", run_at_normal_priority)
    calibration = BackgroundCalibration(tmp_path / "plans.json")
    is_over = calibration.start("key", demo, "mine", "fast", "cpu")
    assert calibration.start("key", demo, "mine", "fast", "cpu") is is_over
    assert is_over.wait(180)
    measured = PlanStore(tmp_path / "plans.json").latest("mine")["fast"]
    assert measured.deviation <= plan_selection.TOLERANCE["fast"]


def test_processes_select_plans_one_at_a_time(tmp_path: Path) -> None:
    """Short commands that follow each other on a new machine each start one, which takes 450 MB."""
    plans, other_works = tmp_path / "plans.json", threading.Event()

    def work() -> None:
        with one_at_a_time(plans):
            other_works.set()

    other = threading.Thread(target=work)
    with one_at_a_time(plans):
        other.start()
        assert not other_works.wait(2 * CHECK_EVERY_S)
    other.join(30)
    assert other_works.is_set()


def test_a_replaced_checkpoint_is_measured_again(checkpoint: Checkpoint) -> None:
    name = "decoder.ln.weight"
    trained = replace(checkpoint, tensors={**checkpoint.tensors, name: checkpoint.tensors[name] + 1})
    key = plan_selection.machine_key(checkpoint, "cpu")
    assert key == plan_selection.machine_key(replace(checkpoint, name="whisper_name"), "cpu")
    assert key != plan_selection.machine_key(trained, "cpu")


def test_a_plan_is_remembered_for_one_machine(tmp_path: Path) -> None:
    PlanStore(tmp_path / "plans.json").save("base", "exact", "here", MEASURED)
    store = PlanStore(tmp_path / "plans.json")
    assert store.find("base", "exact", "here") == MEASURED
    assert store.find("base", "exact", "elsewhere") is None
    assert store.find("base", "fast", "here") is None
    assert store.latest("base") == {"exact": MEASURED}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b"[" * 100_000,
        b'{"base exact": "text"}',
        b'{"base exact": {"machine": "here"}}',
        b'{"base exact": {"machine": "here", "plan": [], "encoder_speedup": 1}}',
        b'{"base exact": {"machine": "here", "plan": {"encoder": ["x"], "decoder": "x"},'
        b' "encoder_speedup": 1, "decoder_speedup": 1, "deviation": 0}}',
        b'{"base exact": {"machine": "here", "plan": {"encoder": "x", "cross": "y"}}}',
    ],
)
def test_a_damaged_or_foreign_file_is_rebuilt(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plans.json"
    file.write_bytes(content)
    store = PlanStore(file)
    assert store.find("base", "exact", "here") is None
    assert store.latest("base") == {}
    store.save("base", "exact", "here", MEASURED)
    assert PlanStore(file).find("base", "exact", "here") == MEASURED


def test_a_plan_with_unknown_formats_is_not_used(checkpoint: Checkpoint, tmp_path: Path) -> None:
    store = PlanStore(tmp_path / "plans.json")
    key = plan_selection.machine_key(checkpoint, "cpu")
    for plan, expected in ((REFERENCE, MEASURED), (replace(REFERENCE, encoder="int3"), None)):
        store.save("random", "exact", key, replace(MEASURED, plan=plan))
        assert plan_selection.stored_plan(store, checkpoint, "exact", "cpu") == expected


def test_a_failed_write_keeps_the_old_plans_and_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PlanStore(tmp_path / "plans.json")
    store.save("base", "exact", "here", MEASURED)

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fail)
    store.save("base", "exact", "here", replace(MEASURED, deviation=1.0))
    assert store.find("base", "exact", "here") == MEASURED
    assert os.listdir(tmp_path) == ["plans.json"]


def test_a_folder_that_can_t_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = PlanStore(tmp_path / "file" / "plans.json")
    store.save("base", "exact", "here", MEASURED)
    assert store.find("base", "exact", "here") is None


def test_plans_have_a_name_for_people() -> None:
    assert Plan(encoder="a", decoder="b", device="cpu").name == "a / b"
    assert Plan(encoder="a", decoder="b", device="cuda").name == "a / b on cuda"
