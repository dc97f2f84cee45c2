"""localwhisper doctor: check everything the program needs, and say how to fix each problem."""

import argparse
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from localwhisper import __version__
from localwhisper.audio.ffmpeg import ffmpeg_path
from localwhisper.client import Client, ServerError
from localwhisper.engine_setup import model_library
from localwhisper.errors import FfmpegMissing, LocalWhisperError, PortForbidden
from localwhisper.settings import Settings, local_url

MIN_FREE_BYTES = 2 * 1024**3
GIB = 1024**3
MIN_CLOCK_S = 1_735_689_600  # 2025-01-01, before this program existed


@dataclass(frozen=True)
class Finding:
    state: Literal["ok", "note", "problem"]
    text: str
    advice: str = ""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print what was checked; returns 1 if there is a problem."""
    n_problems = 0
    for name, check in CHECKS.items():
        try:
            finding = check(settings)
        except LocalWhisperError as error:
            finding = Finding("problem", str(error))
        mark = "PROBLEM" if finding.state == "problem" else finding.state
        print(f"{name:12} {mark:8} {finding.text}")
        if finding.advice:
            print(f"{'':21} → {finding.advice}")
        n_problems += finding.state == "problem"
    print(f"Problems found: {n_problems}" if n_problems else "All is well.")
    return 1 if n_problems else 0


def _python(settings: Settings) -> Finding:
    text = f"localwhisper {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return Finding("ok", f"{text}, {os.cpu_count()} cores")


def _ffmpeg(settings: Settings) -> Finding:
    try:
        path = ffmpeg_path()
    except FfmpegMissing as error:
        return Finding("problem", "not found", str(error))
    try:
        ended = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("problem", f"{path} doesn't run: {error}", "Reinstall ffmpeg, or: pip install imageio-ffmpeg")
    return Finding("ok", f"{' '.join(ended.stdout.split()[:3])} ({path})")


def _torch(settings: Settings) -> Finding:
    """In another process, since importing a broken torch can crash the process."""
    code = (
        "import torch; c = torch.cuda.is_available(); m = torch.backends.mps.is_available();"
        "print(torch.__version__, torch.cuda.get_device_name() if c else 'Apple GPU' if m else 'CPU only',"
        "torch.backends.cpu.get_cpu_capability(), sep='|')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    if ended.returncode:
        last_line = (ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"])[-1]
        return Finding(
            "problem", f"can't be imported: {last_line}", "pip install --force-reinstall torch openai-whisper"
        )
    version, device, capability = ended.stdout.strip().split("|")
    if "AVX" not in capability and platform.machine() in ("x86_64", "AMD64"):
        return Finding("note", f"{version}, {device}, {capability}", "Without AVX2, transcription will be slow.")
    return Finding("ok", f"{version}, {device}, {capability}")


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir
    existing = next(path for path in [folder, *folder.parents] if path.exists())
    if (folder.exists() and not folder.is_dir()) or not os.access(existing, os.W_OK | os.X_OK):
        return Finding("problem", f"{folder} can't be written", "Choose another with --data-dir.")
    return Finding("ok", str(folder) + ("" if folder.exists() else " (does not exist yet)"))


def _disk(settings: Settings) -> Finding:
    existing = next(path for path in [settings.data_dir, *settings.data_dir.parents] if path.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / GIB:.1f} GiB free for recordings"
    if free < MIN_FREE_BYTES:
        return Finding("problem", text, "Free some space, or choose another disk with --data-dir.")
    return Finding("ok", text)


def _models(settings: Settings) -> Finding:
    library = model_library(settings)
    available = [entry.name for entry in library.entries() if entry.available]
    text = f"{', '.join(available)}; checkpoints are in {library.model_dir}"
    default = settings.default_model
    if default not in library.names():
        return Finding("problem", f"there is no model {default}", "Choose one of `localwhisper models list`.")
    if default not in available:
        return Finding(
            "note", text, f"`localwhisper models download {default}` downloads the default model in advance."
        )
    return Finding("ok", text)


def _port(settings: Settings) -> Finding:
    if settings.port == 0:
        return Finding("ok", f"any free port on {settings.host}")
    address = (settings.host, settings.port)
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            return Finding("ok", f"{settings.port} on {settings.host} is free")
        except PermissionError:
            raise PortForbidden(host=settings.host, port=settings.port) from None
        except OSError:
            pass
    try:
        with Client(local_url(settings.host, settings.port), token=settings.token) as client:
            health = client.health()
            return Finding("ok", f"a localwhisper {health['version']} runs on {settings.port}")
    except (ServerError, KeyError, ValueError):
        return Finding("problem", f"{settings.port} is taken by another program", "Choose another with --port.")


def _clock(settings: Settings) -> Finding:
    now_s = time.time()
    if now_s < MIN_CLOCK_S:
        return Finding("problem", time.ctime(now_s), "Set the clock: jobs are sorted by time.")
    return Finding("ok", time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(now_s)))


CHECKS: dict[str, Callable[[Settings], Finding]] = {
    "program": _python,
    "ffmpeg": _ffmpeg,
    "torch": _torch,
    "data folder": _data_dir,
    "disk": _disk,
    "models": _models,
    "port": _port,
    "clock": _clock,
}
