"""A worker that can't be reached for a long time, though nothing has closed its connections."""

import json
import signal
import sys
from pathlib import Path

from tests.distributed.cluster import Cluster, end, expected_text, name_of, recording, wait_until
from tests.process.server import Server

SECONDS, CLIP_S = 40, 2
SAVED, LATE = 4, 8  # windows that are saved before the network is lost, and those that are decoded by then


class ImpatientServer(Server):
    program = (sys.executable, "-m", "tests.distributed.impatient_server")


def clip_done_by(cluster: Cluster) -> set[int]:
    """Have a clip transcribed; who has done clips so far."""
    clip = cluster.server.submit_bytes(recording(CLIP_S), "a.wav", model="demo")
    assert cluster.server.job_when(clip, "completed", "failed")["status"] == "completed"
    return {int(pid) for pid, audio, _, _ in cluster.log() if audio == name_of(CLIP_S)}


def test_a_worker_out_of_reach_is_replaced_and_what_it_says_later_is_ignored(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, ImpatientServer)
    name = name_of(SECONDS)

    def decoded_by(pid: int) -> list[str]:
        return [what for each, audio, what, _ in cluster.log() if (each, audio) == (str(pid), name)]

    def has_work(pid: int) -> bool:
        return bool(cluster.members().get(pid, {}).get("jobs"))

    try:
        cluster.start_scheduler()
        link = cluster.new_link()
        first = cluster.start_worker("tests.distributed.worker_program", *cluster.flags_for(link))
        cluster.server.start()
        cluster.wait_for_workers(first)
        cluster.hold(SECONDS, after=SAVED)
        job_id = cluster.server.submit_bytes(recording(SECONDS), "a.wav", model="demo")
        wait_until(lambda: cluster.n_windows(job_id) == SAVED)
        link.hold_up()
        cluster.hold(SECONDS, after=LATE)
        wait_until(lambda: len(decoded_by(first.pid)) == LATE)

        second = cluster.start_worker()
        wait_until(lambda: cluster.n_windows(job_id) == LATE, cluster.output())
        assert {str(number) for number in range(SAVED, LATE)} <= set(decoded_by(second.pid))
        link.release()
        wait_until(lambda: "stopped" in decoded_by(first.pid))
        # after what it said late; the second may have the clips, and the first the long job
        wait_until(lambda: first.pid in clip_done_by(cluster) or has_work(first.pid))
        assert cluster.n_windows(job_id) == LATE
        cluster.go_on()
        job = cluster.server.job_when(job_id, "completed", "failed")
        assert job["result"]["text"].rstrip() == expected_text(SECONDS)
        lines = (cluster.server.data_dir / "jobs" / job_id / "segments.jsonl").read_text().splitlines()
        assert [segment["id"] for line in lines for segment in json.loads(line)["segments"]] == list(range(SECONDS))
        assert end(first, signal.SIGTERM) == 0
    finally:
        cluster.close()
