"""Real recordings with their texts, in a folder outside the project: see docs/accuracy.md for its form.

The folder is LOCALWHISPER_SPEECH, by default ../shared/data/real beside the checkout.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "LOCALWHISPER_SPEECH"
DEFAULT_FOLDER = Path(__file__).parents[3] / "shared" / "data" / "real"


@dataclass(frozen=True, kw_only=True)
class SpeechRecording:
    path: Path
    corpus: str
    language: str  # a code; "" where it is unknown, or where nobody speaks
    kind: str  # read, conversation, lecture, digits, noise, music, multi-speaker, container
    text: str | None  # the reference
    is_trusted: bool  # the text is the corpus's own label or a published one
    expects_no_text: bool
    duration_s: float


def speech_folder() -> Path | None:
    """None where there is no such folder."""
    folder = Path(os.environ.get(VARIABLE) or DEFAULT_FOLDER)
    return folder if (folder / "manifest.jsonl").is_file() else None


def read_manifest(folder: Path) -> Sequence[SpeechRecording]:
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        SpeechRecording(
            path=folder / row["path"],
            corpus=row["set"],
            language=row["lang"],
            kind=row["kind"],
            text=row["text"] or None,
            is_trusted=row["text_trust"] == "high",
            expects_no_text=bool(row.get("expect_no_text")),
            duration_s=float(row["duration_s"] or 0),
        )
        for row in rows
    ]


def scored(recordings: Sequence[SpeechRecording]) -> list[SpeechRecording]:
    """Those whose text can be held against a transcript: trusted texts, and recordings in which nobody speaks."""
    return [
        recording
        for recording in recordings
        if recording.expects_no_text or (recording.text is not None and recording.is_trusted)
    ]
