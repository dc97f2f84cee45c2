"""The page's JSDoc types, where a TypeScript compiler is at hand."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TSC = os.environ.get("TSC") or shutil.which("tsc")


@pytest.mark.skipif(TSC is None, reason="no tsc on the PATH or in $TSC")
def test_the_types_of_the_page_hold() -> None:
    command = [str(TSC), "--project", str(Path(__file__).parent)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
