"""The file of selected plans is a cache: whatever it contains, a plan is selected again if need be."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from localwhisper.engine.calibration.plan_selection import machine_key, stored_plan
from localwhisper.engine.checkpoints.checkpoint import Checkpoint
from localwhisper.engine.plans import REFERENCE, MeasuredPlan, PlanStore
from tests.engine.random_model import random_checkpoint

WHOLE = MeasuredPlan(plan=REFERENCE, encoder_speedup=1.0, decoder_speedup=1.0, deviation=0.0)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return random_checkpoint()


def store_with(folder: Path, checkpoint: Checkpoint, plan: Any) -> PlanStore:
    """A store whose file has this plan, for the model on this machine."""
    file = folder / "plans.json"
    row = {**asdict(WHOLE), "plan": plan, "machine": machine_key(checkpoint, "cpu")}
    file.write_text(json.dumps({f"{checkpoint.name} exact": row}))
    return PlanStore(file)


def test_a_possible_plan_is_used(tmp_path: Path, checkpoint: Checkpoint) -> None:
    store = store_with(tmp_path, checkpoint, asdict(REFERENCE))
    assert stored_plan(store, checkpoint, "exact", "cpu") == WHOLE


@pytest.mark.parametrize(
    "plan",
    [
        None,
        [],
        {},
        {**asdict(REFERENCE), "encoder": "of another version"},
        {**asdict(REFERENCE), "encoder": "float16-weight-only"},  # a decoder's
        {**asdict(REFERENCE), "decoder": "float32-streamed"},  # an encoder's
        {**asdict(REFERENCE), "decoder": "int8-weight-only"},  # of another quality
        {**asdict(REFERENCE), "decoder": ["float32"]},
        {**asdict(REFERENCE), "logits": "float32"},  # of another version
        {**asdict(REFERENCE), "device": "cuda"},
        {**asdict(REFERENCE), "colour": "red"},
    ],
    ids=str,
)
def test_an_impossible_plan_is_selected_again(tmp_path: Path, checkpoint: Checkpoint, plan: Any) -> None:
    assert stored_plan(store_with(tmp_path, checkpoint, plan), checkpoint, "exact", "cpu") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\x00", b'{"random exact": 5}', b"[" * 100_000])
def test_a_damaged_file_has_no_plans_and_is_replaced(tmp_path: Path, checkpoint: Checkpoint, content: bytes) -> None:
    (tmp_path / "plans.json").write_bytes(content)
    store = PlanStore(tmp_path / "plans.json")
    assert stored_plan(store, checkpoint, "exact", "cpu") is None
    store.save(checkpoint.name, "exact", machine_key(checkpoint, "cpu"), WHOLE)
    assert stored_plan(store, checkpoint, "exact", "cpu") == WHOLE
