"""What `make release` built, as a user gets it: the wheel in an empty environment serves, and transcribes its sample.

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
        place = Path(temporary)
        venv.create(place / "venv", with_pip=True)
        program = place / "venv" / "bin" / "localwhisper"
        constraints = str(ROOT / "constraints.txt")
        pip = [str(place / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--constraint", constraints]
        call(*pip, str(wheel.absolute()), at=place)
        settings = ["--data-dir", str(place / "data"), "--default-model", "demo", "--port", "0"]
        call(str(program), "--version", at=place)
        call(str(program), "doctor", *settings, at=place)
        call(str(program), "transcribe", str(SAMPLE), "--format", "srt", *settings, at=place)
        text = (place / "en-greeting.srt").read_text(encoding="utf-8")
        if "good morning" not in text.lower():
            sys.exit(f"the wheel's transcript is {text!r}")
        serves(str(program), "--test-services", "--no-browser", *settings, at=place)
    print(f"{wheel.name} installs, starts and transcribes")


def call(*command: str, at: Path) -> None:
    subprocess.run(command, cwd=at, check=True)


def serves(*command: str, at: Path) -> None:
    """It tests itself, serves, and stops when it is told to."""
    with subprocess.Popen(command, cwd=at, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="")
            if "http://localhost:" in line:
                process.terminate()
        if process.wait():
            sys.exit(f"the server ended with {process.returncode}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
