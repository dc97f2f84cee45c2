"""`localwhisper cluster local N`: a scheduler and workers that end with it."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from localwhisper import paths
from localwhisper.distributed.certificates import CA
from tests.distributed.cluster import wait_until
from tests.process.server import TIMEOUT_S, port_of_its_own


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_local_cluster_has_certificates_and_ends_with_its_workers(tmp_path: Path, number: int) -> None:
    address = f"tls://127.0.0.1:{port_of_its_own()}"
    arguments = ["cluster", "local", "1", "--scheduler", address, "--data-dir", str(tmp_path)]
    program = [sys.executable, "-m", "localwhisper", *arguments]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as cluster:
        try:
            assert cluster.stdout is not None
            output = ""
            while not (connected := re.search(r"Connected as \S+-(\d+); jobs at once: 1", output)):
                line = cluster.stdout.readline()
                assert line, output
                output += line
            assert f"localwhisper --scheduler {address}" in output
            assert (paths.cluster_certificates(tmp_path) / CA).is_file()
            cluster.send_signal(number)
            assert cluster.wait(TIMEOUT_S) == (0 if number == signal.SIGTERM else -number)
            wait_until(lambda: not is_running(int(connected[1])))
        finally:
            cluster.kill()


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
