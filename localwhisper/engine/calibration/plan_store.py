"""Plans: in which formats a model computes, and the book that remembers which plan this machine took.

Imports no torch, so that the book can be shown by whoever lists models. Choosing is calibration.py's subject.
"""

import json
import os
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from localwhisper.options import Quality

QUALITIES: tuple[Quality, ...] = get_args(Quality)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Names of linears.FORMATS for each part, and of attention.ATTENTIONS for the encoder's."""

    encoder: str
    decoder: str
    cross: str  # the projection of a window's features to the decoder's keys and values
    logits: str  # of logits.FORMATS
    attention: str = "float32"
    audio: str = "float32"  # torch's name of what the decoder's keys and values of a window are kept in
    device: str = "cpu"

    @property
    def name(self) -> str:
        """For people: encoder / decoder / vocabulary."""
        formats = f"{self.encoder} / {self.decoder} / {self.logits}"
        return formats + ("" if self.device == "cpu" else f" on {self.device}")


# openai-whisper's own arithmetic on a CPU
REFERENCE = Plan(encoder="float32", decoder="float32", cross="float32", logits="float32")


@dataclass(frozen=True, kw_only=True)
class MeasuredPlan:
    """A plan that was measured: how many times as fast as the reference a window's parts are, and how far off."""

    plan: Plan
    encoder_speedup: float
    decoder_speedup: float
    deviation: float  # root mean square, relative, the worst of the parts


class PlanStore:
    """The choices made here, in a file that is never worth an error. Threading: SAFE."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def find(self, model: str, quality: Quality, machine: str) -> MeasuredPlan | None:
        """What was chosen for this model on this machine; None where nothing was, or elsewhere."""
        row = self._rows().get(f"{model} {quality}", {})
        return _chosen(row) if row.get("machine") == machine else None

    def shown(self, model: str) -> dict[str, MeasuredPlan]:
        """By quality, whatever was chosen last."""
        rows = self._rows()
        found = {quality: _chosen(rows.get(f"{model} {quality}", {})) for quality in QUALITIES}
        return {quality: chosen for quality, chosen in found.items() if chosen is not None}

    def keep(self, model: str, quality: Quality, machine: str, chosen: MeasuredPlan) -> None:
        with self._lock:
            rows = {**self._rows(), f"{model} {quality}": {"machine": machine, **asdict(chosen)}}
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                number, name = tempfile.mkstemp(suffix=".tmp", dir=self._file.parent)
                with os.fdopen(number, "w", encoding="utf-8") as file:
                    json.dump(rows, file, indent=1)
                os.replace(name, self._file)
            except OSError:
                return  # the next load measures again

    def _rows(self) -> Mapping[str, Any]:
        try:
            rows = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return rows if isinstance(rows, dict) else {}


def _chosen(row: Mapping[str, Any]) -> MeasuredPlan | None:
    try:
        return MeasuredPlan(
            plan=Plan(**row["plan"]),
            encoder_speedup=float(row["encoder_speedup"]),
            decoder_speedup=float(row["decoder_speedup"]),
            deviation=float(row["deviation"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
