"""The bundled clips, and some minutes of speech made of them."""

import json
import subprocess
from pathlib import Path

from localwhisper.app import SAMPLES
from localwhisper.audio.ffmpeg import ffmpeg_path


def samples() -> dict[Path, str]:
    """The bundled clips and their texts."""
    rows = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return {SAMPLES / row["filename"]: row["text"] for row in rows}


def long_speech(folder: Path, repeats: int) -> Path:
    """Every bundled clip, several times over."""
    listing = folder / "list.txt"
    listing.write_text("".join(f"file '{path}'\n" for path in [*samples()] * repeats))
    target = folder / "long.wav"
    command = [ffmpeg_path(), "-v", "error", "-f", "concat", "-safe", "0", "-i", str(listing)]
    subprocess.run([*command, "-ac", "1", "-ar", "16000", str(target)], check=True, stdin=subprocess.DEVNULL)
    return target
