"""Plans, the formats in which a model computes, and the file that remembers which plan this machine selected.

Imports no torch, so that whoever lists models can show the plans. A plan is selected in calibration/.
"""

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from localwhisper.atomic import make_private_folder, write_atomically
from localwhisper.errors import StorageFull, StorageUnwritable
from localwhisper.options import Quality

QUALITIES: tuple[Quality, ...] = get_args(Quality)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A format of linear_formats.FORMATS for each part."""

    encoder: str  # and the projection of its features to the decoder's keys and values
    decoder: str  # and the vocabulary
    device: str = "cpu"

    @property
    def name(self) -> str:
        """A name for users: encoder / decoder."""
        return f"{self.encoder} / {self.decoder}" + ("" if self.device == "cpu" else f" on {self.device}")

    @classmethod
    def named(cls, name: str) -> "Plan | None":
        """The plan with this name; None if there is none. Its formats may be unknown."""
        formats, _, device = name.partition(" on ")
        encoder, is_named, decoder = formats.partition(" / ")
        return cls(encoder=encoder, decoder=decoder, device=device or "cpu") if is_named else None


# openai-whisper's own arithmetic on a CPU
REFERENCE = Plan(encoder="float32", decoder="float32")


@dataclass(frozen=True, kw_only=True)
class MeasuredPlan:
    """A plan with its speed relative to the reference, and how far off it is."""

    plan: Plan
    encoder_speedup: float
    decoder_speedup: float
    deviation: float  # root mean square, relative, of the worst part


class PlanStore:
    """The plans selected here, in a JSON file. Faults of the file are never errors: models are measured again.

    Threading: SAFE.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()

    def find(self, model: str, quality: Quality, machine: str) -> MeasuredPlan | None:
        """The plan selected for this model on this machine."""
        row = self._rows().get(f"{model} {quality}", {})
        return _parse(row) if row.get("machine") == machine else None

    def latest(self, model: str) -> dict[str, MeasuredPlan]:
        """The plan selected last for each quality, on any machine."""
        rows = self._rows()
        plans = {quality: _parse(rows.get(f"{model} {quality}", {})) for quality in QUALITIES}
        return {quality: plan for quality, plan in plans.items() if plan is not None}

    def save(self, model: str, quality: Quality, machine: str, plan: MeasuredPlan) -> None:
        with self._lock:
            rows = {**self._rows(), f"{model} {quality}": {"machine": machine, **asdict(plan)}}
            with suppress(OSError, StorageFull, StorageUnwritable):
                make_private_folder(self.file.parent)
                write_atomically(self.file, json.dumps(rows, indent=1).encode(), durable=False)

    def _rows(self) -> dict[str, Mapping[str, Any]]:
        try:
            rows = json.loads(self.file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return {key: row for key, row in rows.items() if isinstance(row, dict)} if isinstance(rows, dict) else {}


def _parse(row: Mapping[str, Any]) -> MeasuredPlan | None:
    """Return None for a row that this version didn't write."""
    try:
        plan = Plan(**row["plan"])
        numbers = {field.name: float(row[field.name]) for field in fields(MeasuredPlan) if field.name != "plan"}
    except (KeyError, TypeError, ValueError):
        return None
    return MeasuredPlan(plan=plan, **numbers) if all(isinstance(x, str) for x in asdict(plan).values()) else None
