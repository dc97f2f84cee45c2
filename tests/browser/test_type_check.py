"""The page's JSDoc types, result by tsc."""

import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def test_tsc_finds_no_errors() -> None:
    command = [str(HERE / "node_modules/.bin/tsc"), "--project", str(HERE)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
