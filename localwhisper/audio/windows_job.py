"""A job object of Windows: a set of processes that can be terminated together, their children included."""

import ctypes
import subprocess
import sys

if sys.platform == "win32":
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.CreateJobObjectW.restype = ctypes.c_void_p

    class WindowsJob:
        """Without effect where the system refuses it, as inside a job of a very old Windows."""

        def __init__(self, process: "subprocess.Popen[bytes]") -> None:
            self._handle = ctypes.c_void_p(_kernel32.CreateJobObjectW(None, None))
            _kernel32.AssignProcessToJobObject(self._handle, ctypes.c_void_p(int(process._handle)))  # type: ignore[attr-defined]

        def terminate(self) -> None:
            _kernel32.TerminateJobObject(self._handle, 1)

        def __del__(self) -> None:
            _kernel32.CloseHandle(self._handle)
