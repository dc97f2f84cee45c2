"""localwhisper desktop install|remove: a menu entry and "Open with localwhisper" on freedesktop.org desktops."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs

from localwhisper.app import web_folder
from localwhisper.atomic import SHARED, write_atomically
from localwhisper.audio.media_types import MEDIA_TYPES
from localwhisper.errors import NotOnThisSystem
from localwhisper.settings import Settings

ENTRY = "localwhisper.desktop"


def run(options: argparse.Namespace, settings: Settings) -> int:
    if not sys.platform.startswith("linux"):
        raise NotOnThisSystem(system=sys.platform)
    data = platformdirs.user_data_path()
    entry = data / "applications" / ENTRY
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / "localwhisper.svg"
    if options.action == "install":
        for path in (entry, icon):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(icon, (web_folder() / "favicon.svg").read_bytes(), mode=SHARED)
        write_atomically(entry, desktop_entry().encode(), mode=SHARED)
        print(f"{entry}\n{icon}")
    else:
        entry.unlink(missing_ok=True)
        icon.unlink(missing_ok=True)
    _update_database(entry.parent)
    return 0


def desktop_entry() -> str:
    """The file described by freedesktop.org's Desktop Entry Specification."""
    program = f'"{sys.executable}" -m localwhisper open --window %F'
    return f"""[Desktop Entry]
Type=Application
Version=1.0
Name=localwhisper
Comment=Transcribe recordings on this machine
Comment[es]=Transcribir grabaciones en este equipo
Exec={program}
Icon=localwhisper
Terminal=false
Categories=AudioVideo;Audio;
MimeType={";".join(dict.fromkeys(MEDIA_TYPES.values()))};
StartupNotify=true
"""


def _update_database(folder: Path) -> None:
    """Make the desktop notice the change, if it has the tool for that."""
    tool = shutil.which("update-desktop-database")
    if tool:
        subprocess.run([tool, str(folder)], check=False)
