"""Jobs beside misbehaving connections leak no resources. `make soak` runs longer."""

import http.client
import json
import socket
import sys
import time
from pathlib import Path

import pytest

from localwhisper.client.multipart_form import multipart_form
from tests.http_client import wav
from tests.process.fake_engine_program import START_FILE
from tests.process.server import TIMEOUT_S, FakeEngineServer
from tests.torture.soak import Clip, soak

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows another process's resources")


def test_descriptors_and_threads_do_not_leak(tmp_path: Path) -> None:
    server = FakeEngineServer(tmp_path / "data").start()
    (server.data_dir / START_FILE).touch()
    try:
        clips = [Clip(wav(1.0), "a.wav", "whole")]
        usage, health_s = soak(server, clips, duration_s=2.5, jobs=10, connections=200, idle=150)
        assert health_s
        before, after = usage[0], usage[-1]
        assert max(snapshot.descriptors for snapshot in usage) > before.descriptors + 150
        assert after.descriptors <= before.descriptors + 2
        assert after.threads <= before.threads + 2
    finally:
        server.kill()


class FewDescriptorsServer(FakeEngineServer):
    """A server that may open at most 320 files."""

    program = ("sh", "-c", 'ulimit -n 320; exec "$@"', "sh", *FakeEngineServer.program)


def test_connections_beyond_the_limit_of_open_files_are_closed(tmp_path: Path) -> None:
    """Existing connections are still served, and new ones are accepted again later."""
    server = FewDescriptorsServer(tmp_path / "data").start()
    (server.data_dir / START_FILE).touch()
    try:
        existing = http.client.HTTPConnection("localhost", server.port, timeout=TIMEOUT_S)
        existing.request("GET", "/health")
        existing.getresponse().read()
        connections = [socket.create_connection(("localhost", server.port)) for _ in range(400)]
        with pytest.raises((OSError, http.client.HTTPException)):
            server.request("GET", "/health")
        existing.request("GET", "/queue/info")
        assert json.load(existing.getresponse())["queue"]["total_jobs"] == 0
        for connection in connections:
            connection.close()
        while server.resource_usage().descriptors > 100:  # until it has seen that the others have gone
            time.sleep(0.05)
        body, kind = multipart_form(wav(1.0), "a.wav", {})
        existing.request("POST", "/transcribe-job", body, {"Content-Type": kind})
        job_id = json.load(existing.getresponse())["job_id"]
        assert server.job_when(job_id, "completed", "failed")["status"] == "completed"
        existing.close()
    finally:
        server.kill()
    lines = (server.data_dir / "localwhisper.log").read_text().splitlines()
    assert all("too many open files: new connections are closed" in line for line in lines)
