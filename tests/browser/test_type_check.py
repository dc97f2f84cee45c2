"""The page's JSDoc types hold, strictly."""

import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def test_the_types_of_the_page_hold() -> None:
    command = [str(HERE / "node_modules/.bin/tsc"), "--project", str(HERE)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
