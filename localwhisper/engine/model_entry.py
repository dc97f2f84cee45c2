"""A model in memory, as the ModelCache keeps it, and what identifies it."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from localwhisper.engine.model.whisper_model import WhisperModel
from localwhisper.engine.plans import Plan
from localwhisper.options import Quality


@dataclass(frozen=True)
class ModelKey:
    """Identifies a loaded model. Another file under the same name is another model."""

    name: str
    quality: Quality
    path: Path
    inode: int
    size_bytes: int
    modified_ns: int
    plan: Plan | None = None  # of a copy beside the model in its usual plan

    @classmethod
    def of(cls, name: str, quality: Quality, path: Path) -> "ModelKey":
        """Raises OSError."""
        stat = path.stat()
        return cls(name, quality, path, stat.st_ino, stat.st_size, stat.st_mtime_ns)


@dataclass(eq=False)
class ModelEntry:
    lock: threading.Lock = field(default_factory=threading.Lock)  # held while loading
    model: WhisperModel | None = None
    better_plan: threading.Event | None = None  # set once a plan is selected that the model wasn't loaded with
    users: int = 0
    idle_since_s: float = 0.0

    def is_outdated(self, plan: Plan | None) -> bool:
        """Whether the model is to be loaded again, for a lease in this plan, or in the one selected here if None."""
        if plan is not None:
            return self.model is not None and self.model.plan != plan
        return self.better_plan is not None and self.better_plan.is_set()
