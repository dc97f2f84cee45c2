"""python -m tests.bench.memory [--hours 4]: the server's memory with long recordings and with idle models.

A recording of ten minutes and one of hours go from upload to export, each in a new server: one minute of speech in
every ten, which the demo model decodes, and silence between. Then a random checkpoint is loaded, used, and left idle.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localwhisper.audio.ffmpeg import ffmpeg_path
from tests.process.server import Server
from tests.speech import long_speech
from tools.random_checkpoint import write

PART_S = 600
SPEECH_S = 60
IDLE_TIMEOUT_S = 3
MB = 1e6
FORMATS = ("txt", "srt", "json", "docx")


@contextmanager
def memory_samples(server: Server) -> Iterator[list[int]]:
    """A list that grows by the process's resident memory every 50 ms."""
    samples, done = [server.resource_usage().rss_bytes], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            samples.append(server.resource_usage().rss_bytes)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def recording(folder: Path, n_parts: int) -> Path:
    """A recording of `n_parts` times ten minutes."""
    target, part = folder / f"{n_parts}.wav", folder / "part.wav"
    command = [ffmpeg_path(), "-v", "error", "-y"]
    if not part.exists():
        spoken = ["-i", str(long_speech(folder, SPEECH_S)), "-af", f"apad=whole_dur={PART_S}"]
        subprocess.run([*command, *spoken, str(part)], check=True, stdin=subprocess.DEVNULL)
    loop = ["-stream_loop", str(n_parts - 1), "-i", str(part), "-c", "copy"]
    subprocess.run([*command, *loop, str(target)], check=True, stdin=subprocess.DEVNULL)
    return target


def long_recording(folder: Path, n_parts: int) -> float:
    """Transcribe a recording; return the maximum memory in bytes from upload to export."""
    path = recording(folder, n_parts)
    data_dir = folder / f"data-{n_parts}"
    server = Server(data_dir).start()
    try:
        started_s = time.monotonic()
        with memory_samples(server) as samples:
            job_id = server.submit(path, vad_filter="true", language="en")
            job = server.job_when(job_id, "completed", "failed", timeout_s=3600)
            for name in FORMATS:
                server.get(f"/job/{job_id}/transcript.{name}")
            server.request("GET", f"/job/{job_id}/waveform")
        n_segments = len(job["result"]["segments"])
        print(
            f"{n_parts * PART_S / 3600:5.2f} h, {n_segments} segments: from {samples[0] / MB:.0f} to at most "
            f"{max(samples) / MB:.0f} MB, in {time.monotonic() - started_s:.0f} s",
            flush=True,
        )
        return max(samples)
    finally:
        server.kill()
        shutil.rmtree(data_dir)
        path.unlink()


def idle_model(folder: Path, size: str) -> None:
    """Print the memory before a model is loaded, after it has decoded, and after the idle timeout."""
    models = folder / "models"
    models.mkdir()
    checkpoint = write(size, models / f"{size}.pt")
    flags = ("--model-dir", str(models), "--model-idle-timeout", str(IDLE_TIMEOUT_S))
    server = Server(folder / "data-idle", *flags).start()
    try:
        clip = long_speech(folder, 5)
        server.job_when(server.submit(clip, language="en"), "completed")  # torch is loaded
        time.sleep(IDLE_TIMEOUT_S + 2)
        before = server.resource_usage().rss_bytes
        job_id = server.submit(clip, language="en", model=size, temperature="0")
        server.job_when(job_id, "completed", timeout_s=600)
        loaded = server.resource_usage().rss_bytes
        time.sleep(IDLE_TIMEOUT_S + 2)
        after = server.resource_usage().rss_bytes
        print(
            f"{size} ({checkpoint.stat().st_size / MB:.0f} MB in its file): {before / MB:.0f} MB before, "
            f"{loaded / MB:.0f} loaded, {after / MB:.0f} when idle"
        )
    finally:
        server.kill()


def compact_model(folder: Path, size: str) -> None:
    """Print the maximum memory of the whole server while a model of this size transcribes with `compact`."""
    models = folder / "compact"
    models.mkdir()
    subprocess.run([sys.executable, "-m", "tools.random_checkpoint", size, str(models / f"{size}.pt")], check=True)
    server = Server(folder / "data-compact", "--model-dir", str(models)).start()
    try:
        for round in ("measured and loaded", "loaded"):
            clip, started_s = long_speech(folder, 5), time.monotonic()
            fields = {"model": size, "quality": "compact", "temperature": "0", "language": "en"}
            server.job_when(server.submit(clip, **fields), "completed", timeout_s=900)
            plan = _compact_plan(server, size)
            status = Path(f"/proc/{server.pid}/status").read_text()
            peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
            rss_bytes = server.resource_usage().rss_bytes
            print(
                f"{size}, {plan}, {round}: at most {peak / MB:.0f} MB, now {rss_bytes / MB:.0f}, "
                f"in {time.monotonic() - started_s:.0f} s",
                flush=True,
            )
            server.stop()
            server.start()
    finally:
        server.kill()


def _compact_plan(server: Server, size: str) -> str:
    """The name of the plan, once it is selected: beside the first job."""
    until_s = time.monotonic() + 300
    while time.monotonic() < until_s:
        row = next(row for row in server.request("GET", "/models")["models"] if row["name"] == size)
        if "compact" in row["plans"]:
            return str(row["plans"]["compact"]["name"])
        time.sleep(0.2)
    return "no plan in five minutes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=4, help="length of the long recording; 0: none")
    parser.add_argument("--idle", default="small", help="size of the checkpoint that is left idle; '': none")
    parser.add_argument("--compact", default="", help="size of a checkpoint to transcribe with in little memory")
    options = parser.parse_args()
    build = Path("build")
    build.mkdir(exist_ok=True)  # /tmp may be in memory
    with tempfile.TemporaryDirectory(prefix="memory-", dir=build) as name:
        folder = Path(name)
        if options.hours:
            short, long = (long_recording(folder, n) for n in (1, round(options.hours * 3600 / PART_S)))
            print(f"the long recording takes {(long - short) / MB:+.0f} MB")
        if options.idle:
            idle_model(folder, options.idle)
        if options.compact:
            compact_model(folder, options.compact)


if __name__ == "__main__":
    main()
