"""An ffmpeg that is killed in the middle of a job, on the real server."""

import os
import sys
from pathlib import Path

import pytest

from localwhisper.audio.ffmpeg import ffmpeg_path
from tests.http_client import wav
from tests.process.conftest import NewServer
from tests.speech import CLIP, is_text_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")

# dies after a part of the samples, as long as there is the file N; other runs than the decoding are undisturbed
SCRIPT = """#!/bin/sh
case "$*" in *"-f matroska"*) [ -e {n} ] || exec {ffmpeg} "$@";; *) exec {ffmpeg} "$@";; esac
{ffmpeg} "$@" | head -c 20000
kill -9 $$
"""


def test_a_part_of_a_recording_is_never_taken_for_the_whole(new_server: NewServer, tmp_path: Path) -> None:
    script, n = tmp_path / "bin" / "ffmpeg", tmp_path / "n"
    script.parent.mkdir()
    script.write_text(SCRIPT.format(ffmpeg=ffmpeg_path(), n=n))
    script.chmod(0o755)
    n.touch()
    server = new_server(environ={"PATH": f"{script.parent}:{os.environ['PATH']}"}).start()
    job_id = server.submit(CLIP, model="demo")
    job = server.job_when(job_id, "completed", "failed")
    assert (job["status"], job["error"]["code"]) == ("failed", "audio_interrupted")
    assert "result" not in job
    n.unlink()
    server.request("POST", f"/job/{job_id}/retry", b"")
    job = server.job_when(job_id, "completed", "failed")
    assert is_text_of(CLIP, job["result"]["text"])
    assert job["warnings"] == []
    cut = server.submit_bytes(wav(10.0)[: 6 * 16000], "cut.wav", model="demo")
    job = server.job_when(cut, "completed", "failed")
    assert [warning["code"] for warning in job["warnings"]] == ["audio_ends_early"]
    assert job["audio_duration"] == pytest.approx(6, abs=0.2)
