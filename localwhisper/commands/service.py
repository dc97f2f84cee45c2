"""localwhisper service install|remove|status: start it when you log in, by systemd or launchd, as yourself."""

import argparse
import plistlib
import subprocess
import sys
from pathlib import Path

import platformdirs

from localwhisper.atomic import write_atomically
from localwhisper.errors import NotOnThisSystem
from localwhisper.settings import SETTINGS, Settings

UNIT = "localwhisper.service"
LABEL = "localwhisper"


def run(options: argparse.Namespace, settings: Settings) -> int:
    """The exit code of the system's own tool."""
    flags = [
        part
        for setting in SETTINGS
        if getattr(options, setting.field, None) is not None
        for part in (setting.flag, str(getattr(options, setting.field)))
    ]
    command = [sys.executable, "-m", "localwhisper", "--no-browser", *flags]
    if sys.platform == "darwin":
        return _launchd(options.action, command)
    if sys.platform.startswith("linux"):
        return _systemd(options.action, command)
    raise NotOnThisSystem(system=sys.platform)


def _systemd(action: str, command: list[str]) -> int:
    path = platformdirs.user_config_path() / "systemd" / "user" / UNIT
    if action == "status":
        return _call("systemctl", "--user", "status", "--no-pager", UNIT)
    if action == "install":
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, unit(command).encode())  # private: a token may be in it
        print(f"{path} written")
        return _call("systemctl", "--user", "daemon-reload") or _call("systemctl", "--user", "enable", "--now", UNIT)
    code = _call("systemctl", "--user", "disable", "--now", UNIT)
    path.unlink(missing_ok=True)
    print(f"{path} removed")
    return code


def unit(command: list[str]) -> str:
    """A systemd user unit."""
    return f"""[Unit]
Description=localwhisper, transcription on this machine

[Service]
ExecStart={" ".join(_quoted(part) for part in command)}
Restart=on-failure
RestartSec=5
NoNewPrivileges=true

[Install]
WantedBy=default.target
"""


def _quoted(part: str) -> str:
    """As systemd reads it: percent signs and dollars are its own."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != part or " " in part else part


def _launchd(action: str, command: list[str]) -> int:
    path = Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    if action == "status":
        return _call("launchctl", "list", LABEL)
    if action == "install":
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, plist(command))
        print(f"{path} written")
        return _call("launchctl", "load", "-w", str(path))
    code = _call("launchctl", "unload", "-w", str(path))
    path.unlink(missing_ok=True)
    print(f"{path} removed")
    return code


def plist(command: list[str]) -> bytes:
    """A launchd agent: started at login, again after a crash, and not held back as background work is."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": command,
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Interactive",
        }
    )


def _call(*command: str) -> int:
    try:
        return subprocess.run(command, check=False).returncode
    except FileNotFoundError:
        print(f"localwhisper: there is no {command[0]} here; the file is in place for when there is", file=sys.stderr)
        return 1
