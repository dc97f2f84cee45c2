"""Power cuts: SIGKILL at random moments while jobs are submitted, cancelled, retried, corrected and removed.

After each start, every confirmed change must be there, every job must have its audio, no partial file may be visible,
and running jobs must continue after their last window. `python -m tests.torture.kills --kills 300 --seed 7`
"""

import argparse
import http.client
import json
import math
import random
import shutil
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localwhisper import paths
from localwhisper.client.multipart_form import multipart_form
from localwhisper.engine.plans import PlanStore
from localwhisper.jobs.suspicion import SMALLEST_AFTER
from tests.accuracy.recordings import read_manifest, scored, speech_folder
from tests.process.fake_engine_program import DECODED_LOG, START_FILE
from tests.process.server import Server
from tests.speech import long_speech, samples
from tests.torture import cluster_kills

LIVE = frozenset({"queued", "processing", "completed"})
GONE = "gone"
PARTIAL_FILES = {  # by action: what a kill during it leaves in the data directory
    "uploading": "incoming/*",
    "creating": "incoming/*.job",
    "saving": "jobs/*/.job.json.*.tmp",
    "saving the transcript": "jobs/*/.transcript.json.*.tmp",
    "correcting": "jobs/*/.corrected.json.*.tmp",
    "removing": "incoming/*.removed",
}
BUNDLED = "demo"  # no plan is selected for it
DISCONNECTED = (OSError, http.client.HTTPException, ValueError)  # what a client of a killed server gets


@dataclass
class Torture:
    server: Server
    long: Path
    texts: dict[Path, str]  # of all recordings, as transcribed without kills
    fields: dict[str, str]  # options of all jobs
    rng: random.Random
    allowed_states: dict[str, frozenset[str]] = field(default_factory=dict)  # by job id
    audio: dict[str, Path] = field(default_factory=dict)
    windows: dict[str, bytes] = field(default_factory=dict)  # segments.jsonl of each job at the last kill
    first_lines: dict[str, set[tuple[int, str]]] = field(
        default_factory=dict
    )  # allowed (version, text) of corrected jobs
    checked_bytes: int = 0  # how much of the fake engine's log has been checked
    done: Counter[str] = field(default_factory=Counter)  # by action
    cut_off: Counter[str] = field(default_factory=Counter)  # by action, and by the partial files that were left

    def begin(self) -> None:
        self.server.start()
        (self.server.data_dir / START_FILE).touch()  # for the fake engine
        for _ in range(2):
            self._submit(self.long, self.rng.random())

    def round(self, longest_s: float, window_s: float) -> None:
        """Kill the server at a random moment of a client's actions, start it again, and check."""
        self._spare_suspects()
        is_killed = threading.Event()
        actor = threading.Thread(target=self._act, args=(random.Random(self.rng.random()), is_killed))
        actor.start()
        moment = self.rng.random()
        if moment < 0.3:
            self._wait_for_partial_file(self.rng.choice([*PARTIAL_FILES.values()]), longest_s)
        elif moment < 0.5:
            self._wait_for_window(window_s)
        else:
            time.sleep(self.rng.uniform(0, longest_s if self.rng.random() < 0.3 else 0.5))
        self.server.kill()
        is_killed.set()
        actor.join()
        self._check_disk()
        self.server.start()
        self.check()

    def _spare_suspects(self) -> None:
        """Wait for jobs whose text may differ after another kill, since they haven't finished a window for long."""
        until_s = time.monotonic() + 120
        while any(map(_is_nearly_changed, self.server.data_dir.glob("jobs/*/job.json"))):
            assert time.monotonic() < until_s, "a job finishes no window in two minutes"
            time.sleep(0.1)

    def _wait_for_partial_file(self, pattern: str, longest_s: float) -> None:
        """Wait until there is a partial file of this kind."""
        until_s = time.monotonic() + longest_s
        while time.monotonic() < until_s:
            with suppress(FileNotFoundError):  # a folder that is removed while it is searched
                if any(self.server.data_dir.glob(pattern)):
                    return
            time.sleep(0.0005)

    def _wait_for_window(self, longest_s: float) -> None:
        """Wait until another window is stored."""
        until_s, pattern = time.monotonic() + longest_s, "jobs/*/segments.jsonl"
        sizes = {path: _size(path) for path in self.server.data_dir.glob(pattern)}
        while time.monotonic() < until_s:
            if any(_size(path) > sizes.get(path, 0) for path in self.server.data_dir.glob(pattern)):
                return
            time.sleep(0.01)

    def check(self) -> None:
        assert list((self.server.data_dir / "incoming").iterdir()) == []
        jobs = {job["job_id"]: job for job in self._all_jobs()}
        for job_id, job in jobs.items():
            # an unknown job was submitted, but the kill came before the response: it must be complete
            allowed = self.allowed_states.setdefault(job_id, LIVE)
            assert job["status"] in allowed, (job, allowed)
            with urllib.request.urlopen(f"{self.server.url}/job/{job_id}/audio", timeout=30) as answer:
                body = answer.read()
            source = self.audio.setdefault(job_id, self._source_of(body))
            assert body == source.read_bytes(), job_id
            if job["status"] == "cancelled":
                self.allowed_states[job_id] = frozenset({"cancelled"})
            if job_id in self.first_lines:
                seen = self._first_line(job_id)
                assert seen in self.first_lines[job_id], f"{job_id} lost a correction"
                self.first_lines[job_id] = {seen}
            before = self.windows.get(job_id, b"")
            if whole := before[: before.rfind(b"\n") + 1]:
                assert self._windows_of(job_id).read_bytes().startswith(whole), f"{job_id} lost windows"
        for job_id, allowed in list(self.allowed_states.items()):
            if job_id not in jobs:
                assert GONE in allowed, f"{job_id} is lost"
                del self.allowed_states[job_id]
            elif GONE in allowed:
                assert allowed != {GONE}, f"{job_id} was removed and is there again"
                self.allowed_states[job_id] = allowed - {GONE}

    def finish(self, expected: dict[str, Any]) -> int:
        """Check that all jobs end with the same text as without kills; return their number."""
        for job_id, allowed in self.allowed_states.items():
            if "cancelled" in allowed and self.server.request("GET", f"/job/{job_id}")["status"] == "cancelled":
                self.server.request("POST", f"/job/{job_id}/retry", b"")
            if job_id in self.first_lines:
                version, _ = self._first_line(job_id)
                self.server.request("DELETE", f"/job/{job_id}/transcript?version={version}")
            job = self.server.job_when(job_id, "completed", "failed", timeout_s=600)
            source = self.audio[job_id]
            if source == self.long:
                assert text_and_times(job["result"]) == expected, job_id
            else:
                assert job["result"]["text"].strip() == self.texts[source], job
        return len(self.allowed_states)

    # -- a client's actions until the kill -----------------------------------------------

    def _act(self, rng: random.Random, is_killed: threading.Event) -> None:
        actions = [self._send_short, self._send_short, self._cancel, self._retry, self._remove, self._edit]
        while not is_killed.is_set():  # some actions find nothing to do, and ask for nothing
            action = rng.choice(actions)
            name = action.__name__.lstrip("_")
            try:
                action(rng)
            except DISCONNECTED:
                self.cut_off[name] += 1
                return
            self.done[name] += 1
            time.sleep(rng.uniform(0, 0.2))

    def _submit(self, path: Path, _: float) -> None:
        body, kind = multipart_form(path.read_bytes(), path.name, self.fields)
        answer = self.server.request("POST", "/transcribe-job", body, kind)
        self.allowed_states[answer["job_id"]] = LIVE
        self.audio[answer["job_id"]] = path

    def _send_short(self, rng: random.Random) -> None:
        if len(self.allowed_states) < 12:
            self._submit(rng.choice([path for path in self.texts if path != self.long]), 0)

    def _cancel(self, rng: random.Random) -> None:
        if job_id := self._pick(rng, LIVE):
            self.allowed_states[job_id] = LIVE | {"cancelled"}
            answer = self.server.request("DELETE", f"/job/{job_id}")
            self.allowed_states[job_id] = frozenset({"completed" if "error" in answer else "cancelled"})

    def _retry(self, rng: random.Random) -> None:
        if job_id := self._pick(rng, frozenset({"cancelled"})):
            self.allowed_states[job_id] = LIVE | {"cancelled"}
            answer = self.server.request("POST", f"/job/{job_id}/retry", b"")
            assert "error" not in answer, answer
            self.allowed_states[job_id] = LIVE

    def _remove(self, rng: random.Random) -> None:
        if (job_id := self._pick(rng, None)) and len(self.allowed_states) > 6:
            self.allowed_states[job_id] |= {GONE, "cancelled"}
            self.server.request("DELETE", f"/job/{job_id}?remove=true")
            self.allowed_states[job_id] = frozenset({GONE})

    def _edit(self, rng: random.Random) -> None:
        job_id = self._pick(rng, LIVE) or self._pick(rng, frozenset({"completed"}))
        if job_id is None or self.server.request("GET", f"/job/{job_id}")["status"] != "completed":
            return
        self.allowed_states[job_id] = frozenset({"completed"})
        version, text = self._first_line(job_id)
        new = f" corrected {rng.random()}"
        self.first_lines[job_id] = {(version, text), (version + 1, new)}
        change = {"version": version, "at": 0, "remove": 1, "segments": [{"start": 0, "end": 1, "text": new}]}
        body = json.dumps(change).encode()
        answer = self.server.request("PATCH", f"/job/{job_id}/transcript", body, "application/json")
        assert answer["version"] == version + 1, answer
        self.first_lines[job_id] = {(version + 1, new)}

    def _first_line(self, job_id: str) -> tuple[int, str]:
        job = self.server.request("GET", f"/job/{job_id}")
        return job["transcript_version"], job["result"]["segments"][0]["text"]

    def _pick(self, rng: random.Random, state: frozenset[str] | None) -> str | None:
        """A random job, except the long ones, which must survive everything."""
        candidates = [
            job_id
            for job_id, allowed in self.allowed_states.items()
            if self.audio[job_id] != self.long and GONE not in allowed and (state is None or allowed == state)
        ]
        return rng.choice(candidates) if candidates else None

    # -- the data directory --------------------------------------------------------------

    def _windows_of(self, job_id: str) -> Path:
        return self.server.data_dir / "jobs" / job_id / "segments.jsonl"

    def _check_disk(self) -> None:
        """Right after a kill, before the server starts again."""
        self._check_decoded()
        for job_id in self.allowed_states:
            path = self._windows_of(job_id)
            self.windows[job_id] = path.read_bytes() if path.exists() else b""
            record = path.with_name("job.json")
            if path.exists() and b'"state":"processing"' in record.read_bytes():
                has_ended = path.with_name("transcript.json").exists()
                self.cut_off["finishing" if has_ended else "between windows"] += 1
        self.cut_off.update(name for name, pattern in PARTIAL_FILES.items() if any(self.server.data_dir.glob(pattern)))

    def _check_decoded(self) -> None:
        """No window that was on the disk at the last kill has been decoded again."""
        path = self.server.data_dir / DECODED_LOG
        if not path.exists():
            return
        since = path.read_bytes()[self.checked_bytes :]
        self.checked_bytes += len(since)
        for line in since.decode().splitlines():
            job_id, number = line.split()
            assert int(number) >= self.windows.get(job_id, b"").count(b"\n"), f"{job_id} decoded {number} again"

    def _source_of(self, body: bytes) -> Path:
        return next(path for path in self.texts if path.read_bytes() == body)

    def _all_jobs(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self.server.request("GET", "/jobs?limit=200")["jobs"]
        return jobs


def _is_nearly_changed(record: Path) -> bool:
    """Whether after another kill the job would be computed in other formats, and its text may differ."""
    try:
        job = json.loads(record.read_bytes())
    except FileNotFoundError:  # removed just now
        return False
    return job["state"] in ("queued", "processing") and job.get("interruptions", 0) >= SMALLEST_AFTER - 1


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def text_and_times(result: dict[str, Any]) -> dict[str, Any]:
    """The part of a result that must be equal. Other figures depend on what is decoded in the same batch."""
    segments = [{key: segment[key] for key in ("id", "start", "end", "text")} for segment in result["segments"]]
    return {"text": result["text"], "segments": segments}


def torture(
    folder: Path,
    program: type[Server],
    speech: Path,
    clips: Sequence[Path],
    *,
    kills: int,
    seed: int,
    fields: dict[str, str],
    flags: Sequence[str] = (),
    limit_s: float = math.inf,
) -> dict[str, Any]:
    """Run everything; `clips` are short recordings. Returns what was done; after `limit_s` it kills no more.

    Raises AssertionError, which says what was lost.
    """
    undisturbed = program(folder / "undisturbed", *flags).start()
    (undisturbed.data_dir / START_FILE).touch()
    _wait_for_plan(undisturbed, clips[0], fields)
    started_s = time.monotonic()
    job = undisturbed.job_when(undisturbed.submit(speech, **fields), "completed", timeout_s=600)
    work_s = time.monotonic() - started_s
    expected = text_and_times(job["result"])
    texts = {speech: expected["text"].strip()}
    for clip in clips:
        job = undisturbed.job_when(undisturbed.submit(clip, **fields), "completed", timeout_s=600)
        texts[clip] = job["result"]["text"].strip()
    undisturbed.kill()
    if (plans := paths.engine_data(undisturbed.data_dir)).exists():
        shutil.copytree(plans, paths.engine_data(folder / "data"))  # in another plan, a word may differ
    server = program(folder / "data", "--max-concurrent-jobs", "2", *flags)
    state = Torture(server, speech, texts, fields, random.Random(seed))
    n_kills = 0
    try:
        state.begin()
        until_s = time.monotonic() + limit_s
        while n_kills < kills and time.monotonic() < until_s:
            state.round(max(1.0, min(work_s / 3, 4.0)), window_s=min(work_s, 20.0))
            n_kills += 1
            if n_kills % 25 == 0:
                print(f"{n_kills} kills survived, {len(state.allowed_states)} jobs there", flush=True)
        n_jobs = state.finish(expected)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    finally:
        server.kill()
    return {"kills": n_kills, "jobs": n_jobs, "done": dict(state.done), "cut off": dict(state.cut_off)}


def _wait_for_plan(server: Server, clip: Path, fields: dict[str, str]) -> None:
    """Have all jobs computed in the same plan: the first ones on a machine are computed before it is selected."""
    if fields["model"] == BUNDLED:
        return
    server.job_when(server.submit(clip, **fields), "completed", timeout_s=600)
    plans = PlanStore(paths.plans(server.data_dir))
    while fields.get("quality", "exact") not in plans.latest(fields["model"]):
        time.sleep(0.1)
    server.kill()
    server.start()


def real_recordings() -> tuple[Path, list[Path]]:
    """The shortest of more than a minute, which has several windows, and two short ones."""
    folder = speech_folder()
    if folder is None:
        raise SystemExit("No recordings: LOCALWHISPER_SPEECH must name a folder with a manifest.jsonl.")
    spoken = [each for each in scored(read_manifest(folder)) if not each.expects_no_text]
    long = min((each for each in spoken if each.duration_s > 60), key=lambda each: each.duration_s)
    return long.path, [each.path for each in spoken if 4 <= each.duration_s <= 9][:2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--speech", type=Path, help="a long recording")
    parser.add_argument("--clips", type=Path, nargs="*", help="short recordings")
    parser.add_argument("--real", action="store_true", help="real recordings, those of LOCALWHISPER_SPEECH, with base")
    parser.add_argument("--qualities", nargs="*", default=[], help="one after another, the kills divided among them")
    parser.add_argument("--option", action="append", default=[], help="of the jobs: quality=fast")
    parser.add_argument("--model-dir", default="", help="with the model of --option model=base")
    parser.add_argument(
        "--limit-s",
        type=float,
        default=math.inf,
        help="no more kills after that, in all; it takes longer by what the transcripts without kills take",
    )
    parser.add_argument("--distributed", action="store_true", help="of a cluster, with --kills and --seed alone")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    if options.distributed:
        cluster_kills.main(options.kills, options.seed)
        return
    fields = {"model": BUNDLED, **dict(option.split("=", 1) for option in options.option)}
    clips, speech = options.clips or list(samples())[:2], options.speech
    if options.real:
        (speech, clips), fields["model"] = real_recordings(), "base"
    flags = ["--model-dir", options.model_dir] if options.model_dir else []
    qualities = options.qualities or [fields.get("quality", "exact")]
    for number, quality in enumerate(qualities):
        with tempfile.TemporaryDirectory(prefix="localwhisper-torture-") as name:
            folder, started_s = Path(name), time.monotonic()
            report = torture(
                folder,
                Server,
                speech or long_speech(folder, 240),
                clips,
                kills=options.kills // len(qualities),
                seed=options.seed + number,
                fields={**fields, "quality": quality},
                flags=flags,
                limit_s=options.limit_s / len(qualities),
            )
            print(f"{quality}: {report}, {time.monotonic() - started_s:.0f} s", flush=True)


if __name__ == "__main__":
    main()
