"""localwhisper service install|remove|status: run localwhisper as a user service of systemd or launchd."""

import argparse
import plistlib
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from localwhisper.atomic import write_atomically
from localwhisper.commands.arguments import setting_flags
from localwhisper.errors import NotOnThisSystem
from localwhisper.settings import Settings, child_flags, secret_variables

UNIT = "localwhisper.service"
LABEL = "localwhisper"


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Return the exit code of systemctl or launchctl."""
    flags = setting_flags(options)
    command = [sys.executable, "-m", "localwhisper", "--no-browser", *child_flags(flags)]
    variables = secret_variables(flags)
    if sys.platform == "darwin":
        return _launchd(options.action, command, variables)
    if sys.platform.startswith("linux"):
        return _systemd(options.action, command, variables)
    raise NotOnThisSystem(system=sys.platform)


def _systemd(action: str, command: list[str], variables: Mapping[str, str]) -> int:
    path = platformdirs.user_config_path() / "systemd" / "user" / UNIT
    if action == "status":
        return _call("systemctl", "--user", "status", "--no-pager", UNIT)
    if action == "install":
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, unit(command, variables).encode())  # private: a token may be in it
        print(f"{path} written")
        return _call("systemctl", "--user", "daemon-reload") or _call("systemctl", "--user", "enable", "--now", UNIT)
    code = _call("systemctl", "--user", "disable", "--now", UNIT)
    path.unlink(missing_ok=True)
    print(f"{path} removed")
    return code


def unit(command: list[str], variables: Mapping[str, str]) -> str:
    """Return a systemd user unit that runs the command."""
    environment = [f"Environment={_quote(f'{name}={value}')}\n" for name, value in variables.items()]
    return f"""[Unit]
Description=localwhisper, transcription on this machine

[Service]
{"".join(environment)}ExecStart={" ".join(_quote(part.replace("$", "$$")) for part in command)}
Restart=on-failure
RestartSec=5
NoNewPrivileges=true

[Install]
WantedBy=default.target
"""


def _quote(part: str) -> str:
    """Quote a word for systemd, where % starts a specifier."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return part if re.fullmatch(r"[\w./:=@+,-]+", part, re.ASCII) else f'"{escaped}"'


def _launchd(action: str, command: list[str], variables: Mapping[str, str]) -> int:
    path = Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    if action == "status":
        return _call("launchctl", "list", LABEL)
    if action == "install":
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, plist(command, variables))
        print(f"{path} written")
        return _call("launchctl", "load", "-w", str(path))
    code = _call("launchctl", "unload", "-w", str(path))
    path.unlink(missing_ok=True)
    print(f"{path} removed")
    return code


def plist(command: list[str], variables: Mapping[str, str]) -> bytes:
    """A launchd agent that starts at login, restarts after a crash, and isn't throttled like background work."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": command,
            "EnvironmentVariables": dict(variables),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Interactive",
        }
    )


def _call(*command: str) -> int:
    try:
        return subprocess.run(command, check=False).returncode
    except FileNotFoundError:
        print(f"localwhisper: {command[0]} was not found; the file has been written all the same", file=sys.stderr)
        return 1
