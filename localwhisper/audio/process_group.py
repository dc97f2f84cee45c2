"""Child processes that end together with all processes which they have started: an ffmpeg may be a shell script."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

if sys.platform == "win32":
    from localwhisper.audio.windows_job import WindowsJob


class GroupedProcess(subprocess.Popen[bytes]):
    """A process whose kill() also ends its descendants."""

    def __init__(self, command: Sequence[str], *, stderr: int, stdin: int = subprocess.DEVNULL) -> None:
        """Its output can be read from `stdout`; by default it gets no input."""
        # a group of its own, and no signals from the terminal; ignored on Windows
        super().__init__(command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True)
        if sys.platform == "win32":
            self._job = WindowsJob(self)

    def kill(self) -> None:
        """Also if the process itself has ended: its descendants may still hold its pipes."""
        if sys.platform == "win32":
            self._job.terminate()
            super().kill()
        else:
            with suppress(ProcessLookupError, PermissionError):  # the group is empty; macOS: only zombies are left
                os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the group, wait for the process, and close its stdin and stdout."""
        self.kill()
        self.wait()
        for pipe in (self.stdin, self.stdout):
            if pipe is not None:
                pipe.close()
