"""Power cuts: SIGKILL at random moments while jobs are sent, cancelled, run again, corrected and removed.

After each start the promise is checked: what was answered is so, every job has its audio, nothing half-written is
seen, and what ran goes on from its last window. `python -m tests.torture.kills --kills 300 --seed 7`
"""

import argparse
import http.client
import json
import random
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localwhisper.commands.selftest import multipart_form
from localwhisper.store.lock import FILE as LOCK
from tests.process.fake_engine_program import DECODED_LOG, START_FILE
from tests.process.server import Server
from tests.speech import long_speech, samples

LIVE = frozenset({"queued", "processing", "completed"})
GONE = "gone"
HALF_WRITTEN = {  # what is seen of it in the data directory
    "uploading": "incoming/*",
    "creating": "incoming/*.job",
    "saving": "jobs/*/.job.json.*.tmp",
    "keeping the text": "jobs/*/.transcript.json.*.tmp",
    "correcting": "jobs/*/.corrected.json.*.tmp",
    "removing": "incoming/*.removed",
}
CUT_OFF = (OSError, http.client.HTTPException, ValueError)  # what a client of a killed server sees


@dataclass
class Torture:
    server: Server
    long: Path
    shorts: dict[Path, str]
    rng: random.Random
    may_be: dict[str, frozenset[str]] = field(default_factory=dict)  # by job id: states that tell the truth
    audio: dict[str, Path] = field(default_factory=dict)
    windows: dict[str, bytes] = field(default_factory=dict)  # what each job's file of windows began with
    first_lines: dict[str, set[tuple[int, str]]] = field(default_factory=dict)  # version and text, of corrected jobs
    decoded_bytes: int = 0  # of the quick engine's record of what it decoded, read so far
    done: Counter[str] = field(default_factory=Counter)  # by action
    cut_off: Counter[str] = field(default_factory=Counter)  # by action, and by what the cut left on the disk

    def begin(self) -> None:
        self.server.start()
        (self.server.data_dir / START_FILE).touch()  # for the quick engine
        for _ in range(2):
            self._submit(self.long, self.rng.random())

    def round(self, longest_s: float) -> None:
        """One power cut."""
        actor = threading.Thread(target=self._act, args=(random.Random(self.rng.random()),))
        actor.start()
        if self.rng.random() < 0.3:
            self._lie_in_wait(self.rng.choice([*HALF_WRITTEN.values()]), longest_s)
        else:
            time.sleep(self.rng.uniform(0, longest_s if self.rng.random() < 0.3 else 0.5))
        self.server.kill()
        actor.join()
        self._look_at_the_disk()
        # as after a power cut: the machine has been down too
        (self.server.data_dir / LOCK).write_bytes(b"an earlier boot")
        self.server.start()
        self.check()

    def _lie_in_wait(self, pattern: str, longest_s: float) -> None:
        """Until there is something half-written of this kind."""
        until_s = time.monotonic() + longest_s
        while time.monotonic() < until_s and not any(self.server.data_dir.glob(pattern)):
            time.sleep(0.0005)

    def check(self) -> None:
        assert list((self.server.data_dir / "incoming").iterdir()) == []
        jobs = {job["job_id"]: job for job in self._all_jobs()}
        for job_id, job in jobs.items():
            # an answer that the cut swallowed: the job is there, and has to be whole
            allowed = self.may_be.setdefault(job_id, LIVE)
            assert job["status"] in allowed, (job_id, job["status"], allowed)
            with urllib.request.urlopen(f"{self.server.url}/job/{job_id}/audio", timeout=30) as answer:
                body = answer.read()
            source = self.audio.setdefault(job_id, self._source_of(body))
            assert body == source.read_bytes(), job_id
            if job["status"] == "cancelled":
                self.may_be[job_id] = frozenset({"cancelled"})
            if job_id in self.first_lines:
                seen = self._first_line(job_id)
                assert seen in self.first_lines[job_id], f"{job_id} lost a correction"
                self.first_lines[job_id] = {seen}
            path = self._windows_of(job_id)
            before = self.windows.get(job_id, b"")
            whole = before[: before.rfind(b"\n") + 1]
            if path.exists() and job["status"] != "queued" and "cancelled" not in allowed:
                assert path.read_bytes().startswith(whole), f"{job_id} lost windows"
        for job_id, allowed in list(self.may_be.items()):
            if job_id not in jobs:
                assert GONE in allowed, f"{job_id} is lost"
                del self.may_be[job_id]
            elif GONE in allowed:
                assert allowed != {GONE}, f"{job_id} was removed and is there again"
                self.may_be[job_id] = allowed - {GONE}

    def finish(self, expected: dict[str, Any]) -> int:
        """Everything ends with the text of an undisturbed run; returns the number of jobs."""
        for job_id, allowed in self.may_be.items():
            if "cancelled" in allowed and self.server.request("GET", f"/job/{job_id}")["status"] == "cancelled":
                self.server.request("POST", f"/job/{job_id}/retry", b"")
            if job_id in self.first_lines:
                version, _ = self._first_line(job_id)
                self.server.request("DELETE", f"/job/{job_id}/transcript?version={version}")
            job = self.server.job_when(job_id, "completed", "failed", timeout_s=600)
            source = self.audio[job_id]
            if source == self.long:
                assert said(job["result"]) == expected, job_id
            else:
                assert job["result"]["text"].strip() == self.shorts[source], job
        return len(self.may_be)

    # -- what a client does until the cut ------------------------------------------------

    def _act(self, rng: random.Random) -> None:
        actions = [self._send_short, self._send_short, self._cancel, self._retry, self._remove, self._edit]
        while True:
            action = rng.choice(actions)
            name = action.__name__.lstrip("_")
            try:
                action(rng)
            except CUT_OFF:
                self.cut_off[name] += 1
                return
            self.done[name] += 1
            time.sleep(rng.uniform(0, 0.2))

    def _submit(self, path: Path, _: float) -> None:
        body, kind = multipart_form(path.read_bytes(), path.name, {"model": "demo"})
        answer = self.server.request("POST", "/transcribe-job", body, kind)
        self.may_be[answer["job_id"]] = LIVE
        self.audio[answer["job_id"]] = path

    def _send_short(self, rng: random.Random) -> None:
        if len(self.may_be) < 12:
            self._submit(rng.choice(list(self.shorts)), 0)

    def _cancel(self, rng: random.Random) -> None:
        if job_id := self._pick(rng, LIVE):
            self.may_be[job_id] = LIVE | {"cancelled"}
            answer = self.server.request("DELETE", f"/job/{job_id}")
            self.may_be[job_id] = frozenset({"completed" if "error" in answer else "cancelled"})

    def _retry(self, rng: random.Random) -> None:
        if job_id := self._pick(rng, frozenset({"cancelled"})):
            self.windows.pop(job_id, None)
            self.may_be[job_id] = LIVE | {"cancelled"}
            answer = self.server.request("POST", f"/job/{job_id}/retry", b"")
            assert "error" not in answer, answer
            self.may_be[job_id] = LIVE

    def _remove(self, rng: random.Random) -> None:
        if (job_id := self._pick(rng, None)) and len(self.may_be) > 6:
            self.may_be[job_id] |= {GONE, "cancelled"}
            self.server.request("DELETE", f"/job/{job_id}?remove=true")
            self.may_be[job_id] = frozenset({GONE})

    def _edit(self, rng: random.Random) -> None:
        job_id = self._pick(rng, LIVE) or self._pick(rng, frozenset({"completed"}))
        if job_id is None or self.server.request("GET", f"/job/{job_id}")["status"] != "completed":
            return
        self.may_be[job_id] = frozenset({"completed"})
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
        """A job other than the long ones, which have to go on through everything."""
        fit = [
            job_id
            for job_id, allowed in self.may_be.items()
            if self.audio[job_id] != self.long and GONE not in allowed and (state is None or allowed == state)
        ]
        return rng.choice(fit) if fit else None

    # -- what is on the disk -------------------------------------------------------------

    def _windows_of(self, job_id: str) -> Path:
        return self.server.data_dir / "jobs" / job_id / "segments.jsonl"

    def _look_at_the_disk(self) -> None:
        """Right after a cut."""
        self._check_decoded()
        for job_id in self.may_be:
            path = self._windows_of(job_id)
            self.windows[job_id] = path.read_bytes() if path.exists() else b""
            record = path.with_name("job.json")
            if path.with_name("transcript.json").exists() and b'"state":"processing"' in record.read_bytes():
                self.cut_off["finishing"] += 1
        left = {name for name, found in HALF_WRITTEN.items() if any(self.server.data_dir.glob(found))}
        self.cut_off.update(left)

    def _check_decoded(self) -> None:
        """No window that was on the disk at the cut before was decoded again since."""
        path = self.server.data_dir / DECODED_LOG
        if not path.exists():
            return
        since = path.read_bytes()[self.decoded_bytes :]
        self.decoded_bytes += len(since)
        for line in since.decode().splitlines():
            job_id, number = line.split()
            if self.audio.get(job_id) == self.long:  # which is never begun anew
                assert int(number) >= self.windows.get(job_id, b"").count(b"\n"), f"{job_id} decoded {number} again"

    def _source_of(self, body: bytes) -> Path:
        return next(path for path in [*self.shorts, self.long] if path.read_bytes() == body)

    def _all_jobs(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self.server.request("GET", "/jobs?limit=200")["jobs"]
        return jobs


def said(result: dict[str, Any]) -> dict[str, Any]:
    """The text with its times; whisper's own figures are rounded by what else is decoded at the same moment."""
    segments = [{key: segment[key] for key in ("id", "start", "end", "text")} for segment in result["segments"]]
    return {"text": result["text"], "segments": segments}


def torture(
    folder: Path, program: type[Server], speech: Path, clips: dict[Path, str], *, kills: int, seed: int
) -> dict[str, Any]:
    """`clips`: short ones with their texts. Returns what was done; an AssertionError says what was lost."""
    quiet = program(folder / "quiet").start()
    (quiet.data_dir / START_FILE).touch()
    started_s = time.monotonic()
    expected = said(quiet.job_when(quiet.submit(speech), "completed", timeout_s=600)["result"])
    work_s = time.monotonic() - started_s
    quiet.kill()
    server = program(folder / "data", "--max-concurrent-jobs", "2")
    state = Torture(server, speech, clips, random.Random(seed))
    try:
        state.begin()
        for n in range(kills):
            state.round(max(1.0, min(work_s / 3, 4.0)))
            if n % 25 == 24:
                print(f"{n + 1} kills survived, {len(state.may_be)} jobs there", flush=True)
        n_jobs = state.finish(expected)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    finally:
        server.kill()
    return {"kills": kills, "jobs": n_jobs, "done": dict(state.done), "cut off": dict(state.cut_off)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    clips = dict(list(samples().items())[:2])
    with tempfile.TemporaryDirectory(prefix="localwhisper-torture-") as name:
        folder, started_s = Path(name), time.monotonic()
        print(torture(folder, Server, long_speech(folder, 240), clips, kills=given.kills, seed=given.seed))
        print(f"{time.monotonic() - started_s:.0f} s")


if __name__ == "__main__":
    main()
