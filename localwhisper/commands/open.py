"""localwhisper open FILE…: send files to the running server, starting one if needed, and show its page."""

import argparse
import shutil
import subprocess
import sys
import time
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from localwhisper.client import Client, ServerError
from localwhisper.commands.arguments import setting_flags
from localwhisper.errors import FileMissing, ServerNotStarting
from localwhisper.settings import Settings, child_environment, child_flags, local_url

START_TIMEOUT_S = 60
# browsers of the Chromium family, which can open a window without tabs and address bar
APP_WINDOW_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "brave-browser",
    "vivaldi",
)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """The exit code: 1 if the server refused a file."""
    for file in options.files:
        if not Path(file).is_file():
            raise FileMissing(path=file)
    url = local_url(settings.host, settings.port)
    refused = 0
    with Client(url, token=settings.token) as client:
        if not _is_up(client):
            _start_server(setting_flags(options))
            _wait_until_up(client)
        for file in options.files:
            try:
                model = {"model": options.model} if options.model else {}
                client.submit(file, **model)
                print(f"{file}: handed over")
            except ServerError as error:
                refused += 1
                print(f"{file}: {error}", file=sys.stderr)
    show(url, window=options.window)
    return 1 if refused else 0


def _is_up(client: Client) -> bool:
    try:
        client.health()
        return True
    except ServerError:
        return False


def _start_server(flags: Mapping[str, str | None]) -> None:
    """Start a server with this command's settings; it keeps running when this command ends."""
    subprocess.Popen(
        [sys.executable, "-m", "localwhisper", "--no-browser", *child_flags(flags)],
        env=child_environment(flags),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_until_up(client: Client) -> None:
    for _ in range(START_TIMEOUT_S * 4):
        if _is_up(client):
            return
        time.sleep(0.25)
    raise ServerNotStarting


def show(url: str, *, window: bool) -> None:
    """Open the page in the default browser, or in its own window if `window` and a browser can do that."""
    browser = next((path for name in APP_WINDOW_BROWSERS if (path := shutil.which(name))), None) if window else None
    if browser is None:
        webbrowser.open(url)
    else:
        subprocess.Popen(
            [browser, f"--app={url}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
