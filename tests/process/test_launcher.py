"""The program as users start it: stopping, refusing to start, the self-test, and the models command."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.process.conftest import NewServer
from tests.process.server import TIMEOUT_S
from tests.speech import long_speech

STOP_S = 2.0


def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "localwhisper", *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
    )


def test_a_running_job_continues_after_a_restart(new_server: NewServer, tmp_path: Path) -> None:
    """Stopped while decoding; test_stops.py has the other phases."""
    server = new_server().start()
    job_id = server.submit(long_speech(tmp_path, 65))
    while not (before := server.request("GET", f"/job/{job_id}")["segments"]):
        time.sleep(0.02)
    assert server.seconds_to_stop(signal.SIGINT) < STOP_S + 1  # other tests may keep the disk busy
    server.start()
    segments = server.job_when(job_id, "completed")["result"]["segments"]
    assert segments[: len(before)] == before


def test_an_idle_server_does_not_import_torch(new_server: NewServer) -> None:
    server = new_server().start()
    assert server.request("GET", "/health")["status"] == "ok"
    maps = Path(f"/proc/{server.pid}/maps")
    if maps.exists():
        assert "libtorch" not in maps.read_text()


def test_a_second_instance_is_refused(new_server: NewServer, tmp_path: Path) -> None:
    server = new_server().start()
    second = run("--no-browser", "--port", "0", "--data-dir", str(tmp_path / "data"))
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.count("\n") == 1
    assert "Another localwhisper" in second.stderr
    third = run("--no-browser", "--port", str(server.port), "--data-dir", str(tmp_path / "other"))
    assert third.returncode == 1
    assert f"Port {server.port}" in third.stderr


@pytest.mark.parametrize(
    ("flags", "setting"),
    [
        (["--port", "x"], "--port"),
        (["--max-concurrent-jobs", "0"], "--max-concurrent-jobs"),
        (["--host", "0.0.0.0"], "--host"),
    ],
)
def test_a_bad_setting_prints_one_line(flags: list[str], setting: str) -> None:
    ended = run("--no-browser", *flags)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert setting in ended.stderr


@pytest.mark.parametrize("place", ["file", "/proc/nothing"])
def test_an_unusable_data_directory_prints_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    ended = run("--no-browser", "--port", "0", "--data-dir", str(tmp_path / place))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "--data-dir" in ended.stderr


def test_the_self_test_passes_with_the_packaged_ffmpeg(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "localwhisper",
            "--test-services",
            "--no-browser",
            "--port",
            "0",
            "--data-dir",
            str(tmp_path / "data"),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": str(Path(sys.executable).parent)},
    )
    assert process.stdout is not None
    with process.stdout:
        output = ""
        for line in process.stdout:
            output += line
            if "localhost" in line or "failed" in line:
                break
        process.terminate()
    assert process.wait(TIMEOUT_S) == 0
    for step in ("ffmpeg ok", "server ok", "page ok", "upload ok", "exports ok", "All services work."):
        assert step in output
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_models_list_shows_what_is_downloaded(tmp_path: Path) -> None:
    ended = run("models", "list", "--model-dir", str(tmp_path))
    assert ended.returncode == 0
    first, *_, bundled = [line for line in ended.stdout.splitlines() if " MiB " in line]
    assert re.match(r"quick +base .* to download", first)
    assert re.match(r" +demo .* bundled", bundled)
