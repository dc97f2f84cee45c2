"""Memory runs out at any step: a clear error or a failed job, and the server continues."""

import resource
import sys
from pathlib import Path

import pytest

from localwhisper.client.multipart_form import multipart_form
from tests.http_client import wav
from tests.process.conftest import NewServer
from tests.process.fake_engine_program import START_FILE
from tests.process.server import FakeEngineServer, Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can limit another process's memory")
SPARE_BYTES = 300_000_000  # enough to accept a job, too little for torch


def limit_memory(server: Server, spare_bytes: int | None) -> None:
    """Let the process allocate only so much more; None removes the limit."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    size_bytes = 1024 * int(status.split("VmSize:")[1].split()[0])
    limit = resource.RLIM_INFINITY if spare_bytes is None else size_bytes + spare_bytes
    resource.prlimit(server.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def test_a_submission_without_enough_memory(tmp_path: Path) -> None:
    server = FakeEngineServer(tmp_path / "data").start()
    (server.data_dir / START_FILE).touch()
    try:
        outcomes = set()
        for spare_bytes in (7_000_000, 10_000_000, 20_000_000, 40_000_000):  # less is too little for the request
            limit_memory(server, spare_bytes)
            answer = server.try_submit(wav(10), "a.wav")
            outcomes.add(answer["error"]["code"] if "error" in answer else "accepted")
            assert server.request("GET", "/health")["status"] == "ok"
        assert "memory_full" in outcomes
        assert outcomes <= {"memory_full", "accepted"}
        limit_memory(server, None)
        job_id = server.submit_bytes(wav(), "a.wav")
        assert server.job_when(job_id, "completed", "failed")["status"] == "completed"
        assert list((server.data_dir / "incoming").iterdir()) == []
    finally:
        server.kill()


def test_a_job_without_enough_memory(new_server: NewServer, samples: dict[Path, str]) -> None:
    """Memory runs out while torch is loaded and, after a restart, while decoding. The next job is completed."""
    server = new_server().start()
    path, text = next(iter(samples.items()))
    body, content_type = multipart_form(b"no audio", "no.wav", {})
    server.request("POST", "/transcribe-job", body, content_type)  # now the memory that an upload needs is allocated
    limit_memory(server, SPARE_BYTES)
    job_id = server.submit(path)
    job = server.job_when(job_id, "failed", "completed")
    assert job["error"]["code"] == "engine_not_loaded", job
    assert server.request("GET", "/health")["status"] == "ok"
    assert server.stop() == 0
    server.start()
    server.request("POST", f"/job/{job_id}/retry", b"")
    assert server.job_when(job_id, "completed", "failed")["result"]["text"].strip() == text
    codes = set()
    for spare_bytes in (4_000_000, 40_000_000):
        limit_memory(server, spare_bytes)
        answer = server.try_submit(path.read_bytes(), path.name)
        if "error" in answer:
            codes.add(answer["error"]["code"])
        else:
            ended = server.job_when(answer["job_id"], "failed", "completed")
            codes.add(ended["error"]["code"] if "error" in ended else "completed")
    limit_memory(server, None)
    assert server.job_when(server.submit(path), "completed", "failed")["result"]["text"].strip() == text
    assert codes <= {"memory_full", "out_of_memory", "completed"}
