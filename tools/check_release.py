"""Checks what `make release` built: in an empty environment, the wheel installs, serves and transcribes a sample.

python -m tools.check_release dist
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "localwhisper" / "assets" / "samples" / "en-greeting.opus"


def main(folder: Path) -> None:
    (wheel,) = folder.glob("*.whl")
    with tempfile.TemporaryDirectory(prefix="localwhisper-release-") as temporary:
        target = Path(temporary)
        venv.create(target / "venv", with_pip=True)
        program = target / "venv" / "bin" / "localwhisper"
        constraints = str(ROOT / "constraints.txt")
        pip = [str(target / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--constraint", constraints]
        call(*pip, str(wheel.absolute()), at=target)
        settings = ["--data-dir", str(target / "data"), "--default-model", "demo", "--port", "0"]
        call(str(program), "--version", at=target)
        call(str(program), "doctor", *settings, at=target)
        call(str(program), "transcribe", str(SAMPLE), "--format", "srt", *settings, at=target)
        text = (target / "en-greeting.srt").read_text(encoding="utf-8")
        if "good morning" not in text.lower():
            sys.exit(f"the wheel's transcript is {text!r}")
        check_serving(str(program), "--test-services", "--no-browser", *settings, at=target)
    print(f"{wheel.name} installs, starts and transcribes")


def call(*command: str, at: Path) -> None:
    subprocess.run(command, cwd=at, check=True)


def check_serving(*command: str, at: Path) -> None:
    """The program runs its self-test, serves, and exits on SIGTERM."""
    with subprocess.Popen(command, cwd=at, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="")
            if "http://localhost:" in line:
                process.terminate()
        if process.wait():
            sys.exit(f"the server exited with {process.returncode}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
