"""Calibration beside the jobs: in another process, so that it neither delays a job nor ends with one."""

import subprocess
import sys
import threading
from collections.abc import Hashable
from pathlib import Path

from localwhisper.options import Quality


class BackgroundCalibration:
    """Selects plans, one after the other, each at most once. Threading: SAFE."""

    def __init__(self, plans: Path) -> None:
        """`plans`: the file of the PlanStore."""
        self._plans = plans
        self._lock = threading.Lock()
        self._is_over: dict[Hashable, threading.Event] = {}
        self._running = threading.Lock()

    def start(self, key: Hashable, checkpoint: Path, name: str, quality: Quality, device: str) -> threading.Event:
        """Select a plan for the checkpoint that `key` identifies; returns an event that is set when that is over,
        successfully or not."""
        with self._lock:
            if key not in self._is_over:
                self._is_over[key] = threading.Event()
                command = [sys.executable, "-m", "localwhisper.engine.calibration"]
                command += [str(checkpoint), name, quality, device, str(self._plans)]
                arguments = command, self._is_over[key]
                threading.Thread(target=self._run, args=arguments, name="calibration", daemon=True).start()
            return self._is_over[key]

    def _run(self, command: list[str], is_over: threading.Event) -> None:
        try:
            with self._running:
                silent = subprocess.DEVNULL
                subprocess.run(command, stdin=silent, stdout=silent, stderr=silent, check=False)
        except OSError:  # no more processes can be started
            pass
        finally:
            is_over.set()
