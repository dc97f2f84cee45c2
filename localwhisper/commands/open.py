"""localwhisper open FILE…: hand files to the running server, or start one, and show its page."""

import argparse
import shutil
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

from localwhisper.client import Client, ServerError
from localwhisper.errors import FileMissing, ServerNotStarting
from localwhisper.settings import LOOPBACK_HOSTS, SETTINGS, Settings

START_TIMEOUT_S = 60
# browsers of the Chromium family, which have windows without tabs and address bar
WINDOWED = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "brave-browser",
    "vivaldi",
)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """1 where the server refused a file."""
    for file in options.files:
        if not Path(file).is_file():
            raise FileMissing(path=file)
    host = "localhost" if settings.host in LOOPBACK_HOSTS else settings.host
    url = f"http://{host}:{settings.port}"
    refused = 0
    with Client(url, token=settings.token) as client:
        if not _answers(client):
            _start(options)
            _wait_for(client)
        for file in options.files:
            try:
                given = {"model": options.model} if options.model else {}
                client.submit(file, **given)
                print(f"{file}: handed over")
            except ServerError as error:
                refused += 1
                print(f"{file}: {error}", file=sys.stderr)
    show(url, window=options.window)
    return 1 if refused else 0


def _answers(client: Client) -> bool:
    try:
        client.health()
        return True
    except ServerError:
        return False


def _start(options: argparse.Namespace) -> None:
    """A server of its own, with the same settings, that outlives this command."""
    flags = [
        part
        for setting in SETTINGS
        if getattr(options, setting.field, None) is not None
        for part in (setting.flag, str(getattr(options, setting.field)))
    ]
    subprocess.Popen(
        [sys.executable, "-m", "localwhisper", "--no-browser", *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_for(client: Client) -> None:
    for _ in range(START_TIMEOUT_S * 4):
        if _answers(client):
            return
        time.sleep(0.25)
    raise ServerNotStarting


def show(url: str, *, window: bool) -> None:
    """The page: in a window of its own where a browser offers that, else in the browser."""
    browser = next((found for name in WINDOWED if (found := shutil.which(name))), None) if window else None
    if browser is None:
        webbrowser.open(url)
    else:
        subprocess.Popen(
            [browser, f"--app={url}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
