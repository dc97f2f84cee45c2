"""Use and abuse at once: afterwards the process holds what it held before. The long form is make soak."""

import http.client
import json
import socket
import sys
from pathlib import Path

import pytest

from localwhisper.commands.selftest import multipart_form
from tests.client import wav
from tests.process.fake_engine_program import START_FILE
from tests.process.server import FakeEngineServer
from tests.torture.soak import Clip, soak

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into another process: only Linux can")


def test_what_was_held_is_given_back(tmp_path: Path) -> None:
    server = FakeEngineServer(tmp_path / "data").start()
    (server.data_dir / START_FILE).touch()
    try:
        clips = [Clip(wav(1.0), "a.wav", "whole")]
        usage, health_s = soak(server, clips, duration_s=2.5, jobs=10, connections=200, idle=150)
        assert health_s
        before, after = usage[0], usage[-1]
        assert max(each.descriptors for each in usage) > before.descriptors + 150
        assert after.descriptors <= before.descriptors + 2
        assert after.threads <= before.threads + 2
    finally:
        server.kill()


class NarrowServer(FakeEngineServer):
    """With few descriptors."""

    program = ("sh", "-c", 'ulimit -n 256; exec "$@"', "sh", *FakeEngineServer.program)


def test_more_connections_than_the_system_allows(tmp_path: Path) -> None:
    """Those who are in are served, those who come find the door closed, and later all is well again."""
    server = NarrowServer(tmp_path / "data").start()
    (server.data_dir / START_FILE).touch()
    try:
        inside = http.client.HTTPConnection("localhost", server.port, timeout=10)
        inside.request("GET", "/health")
        inside.getresponse().read()
        crowd = [socket.create_connection(("localhost", server.port)) for _ in range(300)]
        with pytest.raises((OSError, http.client.HTTPException)):
            server.ask("GET", "/health")
        body, kind = multipart_form(wav(1.0), "a.wav", {})
        inside.request("POST", "/transcribe-job", body, {"Content-Type": kind})
        job_id = json.load(inside.getresponse())["job_id"]
        for one in crowd:
            one.close()
        assert server.job_when(job_id, "completed", "failed")["status"] == "completed"
        inside.close()
    finally:
        server.kill()
    assert (server.data_dir / "localwhisper.log").read_text() == ""
