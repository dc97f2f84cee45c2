"""python -m tests.bench.cluster: jobs per minute with one worker and with two, of one core each, on real recordings.

Two workers, one, two again, in one run on an otherwise idle machine; each time the same recordings. Also what passes
through the scheduler for an hour of audio, and whether the texts are those of a server without a cluster.
With --joined MINUTES: one long recording, made of real ones, whose windows both workers decode.
"""

import argparse
import os
import pickle
import signal
import subprocess
import tempfile
import time
import wave
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean

import numpy as np
import psutil

from localwhisper import paths
from localwhisper.distributed.protocol import report_event
from localwhisper.engine.plans import PlanStore
from localwhisper.store.files import FileStore
from tests.accuracy.recordings import SpeechRecording, read_manifest, scored, speech_folder
from tests.audio.recordings import RATE
from tests.distributed.cluster import Cluster, end
from tests.process.server import Server
from tests.speech import decoded


def recordings(n: int) -> list[SpeechRecording]:
    """Of 5 to 20 seconds, so that no single one decides how long all take."""
    folder = speech_folder()
    if folder is None:
        raise SystemExit("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.")
    spoken = [each for each in scored(read_manifest(folder)) if not each.expects_no_text and 5 <= each.duration_s <= 20]
    return spoken[:n]


def joined(folder: Path, minutes: float) -> SpeechRecording:
    """Recordings in English, one after another, again and again until they are as long."""
    spoken = [each for each in recordings(1000) if each.language == "en"]
    pcm = np.concatenate([decoded(each.path) for each in spoken])
    pcm = np.resize(pcm, round(60 * minutes * RATE))
    path = folder / "joined.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(pcm.tobytes())
    return replace(spoken[0], path=path, duration_s=60 * minutes)


def measure(server: Server, spoken: Sequence[SpeechRecording], fields: dict[str, str]) -> tuple[float, list[str]]:
    """The seconds for all of them, and their texts."""
    started_s = time.monotonic()
    ids = [server.submit(each.path, **fields) for each in spoken]
    # seldom: the workers have all cores
    jobs = [server.job_when(job_id, "completed", ask_every_s=0.2) for job_id in ids]
    seconds = time.monotonic() - started_s
    return seconds, [job["result"]["text"] for job in jobs]


def start_worker(cluster: Cluster, core: int, model_dir: str) -> "subprocess.Popen[bytes]":
    worker = cluster.start_worker("localwhisper", "--model-dir", model_dir, OMP_NUM_THREADS="1")
    os.sched_setaffinity(worker.pid, {core})
    return worker


def cpu_s(pids: Mapping[str, int]) -> dict[str, float]:
    """The CPU seconds that processes have used, by name."""
    times = {name: psutil.Process(pid).cpu_times() for name, pid in pids.items()}
    return {name: each.user + each.system + each.children_user + each.children_system for name, each in times.items()}


def bytes_per_hour(server: Server, spoken: Sequence[SpeechRecording]) -> float:
    """Of the reports of windows."""
    store = FileStore(server.data_dir)
    jobs, _ = store.load_all()
    windows = [window for job in jobs for window in store.windows(job.id)]
    n_bytes = sum(len(pickle.dumps(report_event("0" * 32, window))) for window in windows)
    return n_bytes / len(jobs) * len(spoken) / sum(each.duration_s for each in spoken) * 3600


def new_workers(cluster: Cluster, n: int, model_dir: str) -> "list[subprocess.Popen[bytes]]":
    """So many workers, of one core each, and no others."""
    for worker in cluster.workers:
        end(worker, signal.SIGTERM)
    workers = [start_worker(cluster, core, model_dir) for core in sorted(os.sched_getaffinity(0))[:n]]
    cluster.wait_for_workers(*workers)
    return workers


def measured_round(
    cluster: Cluster,
    n_workers: int,
    clip: SpeechRecording,
    spoken: Sequence[SpeechRecording],
    options: argparse.Namespace,
) -> tuple[float, list[str]]:
    fields = {"model": options.model, "quality": options.quality}
    workers = new_workers(cluster, n_workers, options.model_dir)
    measure(cluster.server, [clip] * 2 * n_workers, fields)  # each loads the model
    assert cluster.scheduler is not None
    pids = {"server": cluster.server.pid, "scheduler": cluster.scheduler.pid}
    pids |= {f"worker {number}": worker.pid for number, worker in enumerate(workers, 1)}
    before = cpu_s(pids)
    seconds, texts = measure(cluster.server, spoken, fields)
    used = {name: round(after - before[name], 1) for name, after in cpu_s(pids).items()}
    print(
        f"{n_workers}: {seconds:.1f} s, {60 * len(spoken) / seconds:.1f} jobs a minute; CPU seconds: {used}", flush=True
    )
    return seconds, texts


def run(folder: Path, options: argparse.Namespace) -> None:
    clip, *spoken = recordings(options.recordings + 1)
    if options.joined:
        spoken = [joined(folder, options.joined)]
    fields = {"model": options.model, "quality": options.quality}
    cluster = Cluster(folder)
    try:
        cluster.start_scheduler()
        cluster.server.start()
        new_workers(cluster, 1, options.model_dir)
        measure(cluster.server, [clip], fields)
        plans = PlanStore(paths.plans(cluster.folder / "worker"))
        while options.quality not in plans.latest(options.model):  # measured after the first job
            time.sleep(0.1)
        rounds = [measured_round(cluster, number, clip, spoken, options) for number in options.workers]
        texts = rounds[0][1]
        one_s, two_s = (
            mean(seconds for number, (seconds, _) in zip(options.workers, rounds, strict=True) if number == n)
            for n in (1, 2)
        )
        print(f"{len(spoken)} recordings, {options.model}, {options.quality}: {one_s / two_s:.2f}×")
        print(f"reports: {bytes_per_hour(cluster.server, spoken) / 1e3:.0f} kB for an hour of audio")
    finally:
        cluster.close()
    alone = Server(folder / "alone", "--model-dir", options.model_dir, is_warm=False).start()
    try:
        rounds.append(measure(alone, spoken, fields))
    finally:
        alone.kill()
    same = all(each == texts for _, each in rounds)
    print(f"texts: {'the same' if same else 'DIFFERENT'}, also without a cluster")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="base")
    parser.add_argument("--model-dir", required=True)
    parser.add_argument("--quality", default="exact")
    parser.add_argument("--recordings", type=int, default=12)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 1, 2], help="how many, one after another")
    parser.add_argument("--joined", type=float, metavar="MINUTES", default=0.0)
    with tempfile.TemporaryDirectory(prefix="localwhisper-cluster-") as folder:
        run(Path(folder), parser.parse_args())


if __name__ == "__main__":
    main()
