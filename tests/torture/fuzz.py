"""Valid and invalid requests that schemathesis generates from /openapi.json, also in sequences, with every response
checked.

`make fuzz`; `python -m tests.torture.fuzz --seconds 60 --seed 7`
"""

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.http_client import wav
from tests.process.fake_engine_program import START_FILE
from tests.process.server import FakeEngineServer

CONFIG = Path(__file__).with_name("schemathesis.toml")
NO_MIRROR = ("--model-mirror", "http://127.0.0.1:9")


def fuzz(folder: Path, *, seconds: int, seed: int, phases: str) -> str:
    """Test a server that has one completed job; return schemathesis' output, or raise AssertionError with it."""
    server = FakeEngineServer(folder / "data", "--model-dir", str(folder / "models"), *NO_MIRROR).start()
    (server.data_dir / START_FILE).touch()
    try:
        server.job_when(server.submit_bytes(wav(1.0), "a.wav"), "completed")
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
        command += [f"{server.url}/openapi.json", "--exclude-path-regex", "^/ws/", "--phases", phases]
        command += ["--max-time", str(seconds), "--seed", str(seed), "--no-color", "--request-timeout", "20"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        assert result.returncode == 0, result.stdout + result.stderr
        assert server.request("GET", "/health")["status"] == "ok"
    finally:
        server.kill()
    log = (server.data_dir / "localwhisper.log").read_text()
    assert "Traceback" not in log, log
    return result.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="localwhisper-fuzz-") as folder:
        try:
            print(fuzz(Path(folder), seconds=options.seconds, seed=options.seed, phases=options.phases))
        except AssertionError as error:
            sys.exit(f"seed {options.seed}\n{error}")


if __name__ == "__main__":
    main()
