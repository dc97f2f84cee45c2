"""A Chromium, a server, and a page that is watched: no console error, no address but the server's."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect, sync_playwright

from localwhisper.app import SAMPLES
from localwhisper.audio.ffmpeg import ffmpeg_path
from tests.browser.app_page import AppPage
from tests.browser.seed_data import HOSTILE, TALK, JobSeeder
from tests.process.server import Server

PATIENCE_MS = 60_000  # a busy machine is no failure
expect.set_options(timeout=PATIENCE_MS)
HEADLESS = "chromium-headless-shell"  # opens a page with a third of the work
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LONG_S = 120  # four windows
ENDLESS_S = 1800  # not done before a test has done with it


def chromium_path(*names: str) -> str | None:
    """The first that is here, of all where none is named. None: Playwright's own."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names or (HEADLESS, *BROWSERS))), None)


# Not for the whole session: Playwright keeps an event loop running in this thread, which other tests can't have.
@pytest.fixture(scope="package")
def browser_type() -> Iterator[BrowserType]:
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
def browser(browser_type: BrowserType) -> Iterator[Browser]:
    browser = browser_type.launch(executable_path=chromium_path(), args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder / "data", "--model-dir", str(folder / "models")).start()
    yield server
    server.stop()


@pytest.fixture
def server(module_server: Server) -> Iterator[Server]:
    """One for all tests of a file; each finds it without a job."""
    yield module_server
    for job in module_server.request("GET", "/jobs")["jobs"]:
        module_server.request("DELETE", f"/job/{job['job_id']}?remove=true")


@pytest.fixture(scope="package")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of a tone that comes and goes."""
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    source = ["-f", "lavfi", "-i", "sine=f=220:d=30:r=8000,tremolo=f=0.4:d=0.9"]
    subprocess.run([ffmpeg_path(), "-loglevel", "error", "-nostdin", *source, str(path)], check=True)
    return path


@pytest.fixture(scope="package")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a picture."""
    path = tmp_path_factory.mktemp("film") / "film.webm"
    source = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=5:duration=2", "-f", "lavfi", "-i", "sine=d=2"]
    subprocess.run([ffmpeg_path(), "-loglevel", "error", "-nostdin", *source, "-shortest", str(path)], check=True)
    return path


@pytest.fixture(scope="package")
def library_server(tmp_path_factory: pytest.TempPathFactory, talk: Path, film: Path) -> Iterator[Server]:
    """One server for all tests that only look at finished jobs; each opens transcripts of its own."""
    folder = tmp_path_factory.mktemp("library")
    seeds = JobSeeder(folder / "data", talk)
    for name in ("Ada.wav", "Correct.wav", "Conflict.wav", "Times.wav", "Remove.wav"):
        seeds.done(name, *TALK)
    seeds.done(f"{HOSTILE}.wav", HOSTILE, "</li><script>hacked=1</script>")
    seeds.done("canción.wav", "Una canción del mañana", language="es")
    seeds.done("silence.wav")
    seeds.done("film.webm", *TALK[:2], audio=film)
    seeds.failed("broken.mp3")
    seeds.cancelled("long.mp3")
    for number in range(60):
        seeds.done(f"note {number}.wav", f"This is note {number}.")
    server = Server(folder / "data", "--model-dir", str(folder / "models")).start()
    yield server
    server.stop()


@pytest.fixture
def library_context(
    browser: Browser, library_server: Server, context_options: dict[str, Any]
) -> Iterator[BrowserContext]:
    context = browser.new_context(**{"base_url": library_server.url, "locale": "en-US", **context_options})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def library(library_context: BrowserContext, library_server: Server) -> Iterator[AppPage]:
    """The page over many finished jobs; at the end nothing may have gone wrong unseen."""
    app = AppPage(library_context.new_page(), library_server.url)
    app.page.goto("/")
    app.page.locator("job-card").first.wait_for()
    yield app
    assert app.complaints() == []
    assert app.elsewhere == []


@pytest.fixture
def context_options() -> dict[str, Any]:
    """What a test changes by a parametrisation of its own."""
    return {}


@pytest.fixture
def context(browser: Browser, server: Server, context_options: dict[str, Any]) -> Iterator[BrowserContext]:
    context = browser.new_context(**{"base_url": server.url, "locale": "en-US", **context_options})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def app(page: Page, server: Server) -> Iterator[AppPage]:
    """The page, opened; at the end nothing may have gone wrong unseen."""
    app = AppPage(page, server.url)
    page.goto("/")
    page.locator("[data-sample]").first.wait_for()
    yield app
    assert app.complaints() == []
    assert app.elsewhere == []


@pytest.fixture(scope="session")
def samples() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return listed


@pytest.fixture
def clip(samples: list[dict[str, Any]]) -> Path:
    return SAMPLES / str(samples[0]["filename"])


@pytest.fixture(scope="session")
def long_recording(samples: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return again_and_again(samples, tmp_path_factory.mktemp("audio") / "long.wav", LONG_S)


@pytest.fixture(scope="session")
def endless_recording(samples: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return again_and_again(samples, tmp_path_factory.mktemp("audio") / "endless.wav", ENDLESS_S)


def again_and_again(samples: list[dict[str, Any]], path: Path, duration_s: int) -> Path:
    """English samples one after the other, 8 kB a second."""
    files = [SAMPLES / str(sample["filename"]) for sample in samples if sample["language"] == "en"]
    inputs = [argument for file in files for argument in ("-i", str(file))]
    once = path.with_name("once.wav")
    quiet = [ffmpeg_path(), "-loglevel", "error", "-nostdin", "-y"]
    joined = f"concat=n={len(files)}:v=0:a=1,apad=pad_dur=1"
    small = ["-ac", "1", "-ar", "8000", "-c:a", "pcm_mulaw"]
    subprocess.run([*quiet, *inputs, "-filter_complex", joined, *small, str(once)], check=True)
    looped = ["-stream_loop", "-1", "-i", str(once), "-t", str(duration_s), "-c", "copy", str(path)]
    subprocess.run([*quiet, *looped], check=True)
    return path
