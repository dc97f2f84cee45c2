"""Fixtures: Chromium, a server process, and pages that must neither log errors nor send requests to other servers."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect, sync_playwright

from localwhisper.app import SAMPLES
from tests.audio.recordings import ffmpeg, joined
from tests.browser.app_page import AppPage
from tests.browser.seed_data import HOSTILE_TEXT, LINE_S, SECOND_LINES, TALK_LINES, JobSeeder
from tests.process.server import Server

TIMEOUT_MS = 60_000  # long enough for a busy machine
expect.set_options(timeout=TIMEOUT_MS)
HEADLESS = "chromium-headless-shell"  # needs a third of the time to open a page
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LONG_S = 120  # four windows
TWO_PARTS_S = 303  # of those that the server makes for the player
ENDLESS_S = 1800  # still running when a test ends
# An undo is offered for seconds, and a busy machine needs more to click on it.
PATIENT_TOASTS = """const wait = setTimeout;
  globalThis.setTimeout = (work, ms, ...more) => wait(work, ms === 7000 ? 60_000 : ms, ...more);"""


def new_context(browser: Browser, url: str, options: dict[str, Any]) -> BrowserContext:
    context = browser.new_context(**{"base_url": url, "locale": "en-US", **options})
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(PATIENT_TOASTS)
    return context


def chromium_path(*names: str) -> str | None:
    """The first of these browsers (default: all known ones) that is installed. None: use Playwright's own."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names or (HEADLESS, *BROWSERS))), None)


# Not session-scoped: Playwright keeps an event loop running in this thread, which breaks other packages' tests.
@pytest.fixture(scope="package")
def browser_type() -> Iterator[BrowserType]:
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
def browser(browser_type: BrowserType) -> Iterator[Browser]:
    browser = browser_type.launch(executable_path=chromium_path(), args=["--no-sandbox"])
    yield browser
    browser.close()


def with_microphone(browser_type: BrowserType, recording: Path) -> Browser:
    """A browser whose microphone plays a recording once."""
    flags = ["use-fake-device-for-media-stream", "use-fake-ui-for-media-stream"]
    flags.append(f"use-file-for-fake-audio-capture={recording}%noloop")
    arguments = ["--no-sandbox", *(f"--{flag}" for flag in flags)]
    return browser_type.launch(executable_path=chromium_path(), args=arguments)


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder / "data", "--model-dir", str(folder / "models")).start()
    yield server
    server.stop()


@pytest.fixture
def server(module_server: Server) -> Iterator[Server]:
    """Shared by the tests of a module; each starts without jobs."""
    yield module_server
    for job in module_server.request("GET", "/jobs")["jobs"]:
        module_server.request("DELETE", f"/job/{job['job_id']}?remove=true")


@pytest.fixture(scope="package")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of a pulsating tone."""
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=f=220:d=30:r=8000,tremolo=f=0.4:d=0.9", path)
    return path


@pytest.fixture(scope="package")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of test picture and tone."""
    path = tmp_path_factory.mktemp("video") / "video.webm"
    source = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=5:duration=2", "-f", "lavfi", "-i", "sine=d=2"]
    ffmpeg(*source, "-shortest", path)
    return path


@pytest.fixture(scope="package")
def unplayable(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], Path]:
    """Makes tones of a length in a format that no browser plays."""
    folder = tmp_path_factory.mktemp("unplayable")

    def tone(seconds: float) -> Path:
        path = folder / f"{seconds}.wma"
        ffmpeg("-f", "lavfi", "-i", f"sine=d={seconds}", path)
        return path

    return tone


@pytest.fixture(scope="package")
def library_server(
    tmp_path_factory: pytest.TempPathFactory,
    talk: Path,
    video: Path,
    unplayable: Callable[[float], Path],
) -> Iterator[Server]:
    """One server with finished jobs for all tests that need no transcription; each test uses its own transcript."""
    folder = tmp_path_factory.mktemp("library")
    seeder = JobSeeder(folder / "data", talk)
    for name in (
        "Ada",
        "Correct",
        "Conflict",
        "Times",
        "Remove",
        "Edges",
        "Words",
        "Tag",
        "Passing",
        "Restore",
        "Refused",
    ):
        seeder.completed(f"{name}.wav", *TALK_LINES)
    seeder.completed("Unsure.wav", *TALK_LINES[:3])
    first = seeder.completed("Twice.wav", *TALK_LINES[:4])
    seeder.completed("Twice again.wav", *SECOND_LINES, again_of=first)
    seeder.completed("Dialogue.wav", *TALK_LINES[:6], speakers=("S1", "S2", "S1", "S1", "S3", "S2"))
    seeder.completed("Quick.wav", *TALK_LINES[:6], speakers=("S1", "S2", "S1", "S1", "S3", "S2"))
    seeder.completed("Joined.wav", *TALK_LINES[:3], speakers=("S1", "S2", "S3"))
    seeder.completed("Mistake.wav", *TALK_LINES[:4], speakers=("S1", "S2", "S1", "S3"))
    seeder.completed("Merged.wav", *TALK_LINES[:3], speakers=("S1", "S2", "S3"))
    seeder.completed("Interview.wav", *TALK_LINES[:4], speakers=("S1", "S2", "S1", "S2"))
    seeder.completed("Monologue.wav", *TALK_LINES[:2], speakers=("S1", "S1"))
    seeder.completed(f"{HOSTILE_TEXT}.wav", HOSTILE_TEXT, "</li><script>hacked=1</script>")
    seeder.completed("canción.wav", "Una canción del mañana", language="es")
    seeder.completed("silence.wav")
    seeder.completed("video.webm", *TALK_LINES[:2], audio=video)
    seeder.completed("tone.wma", TALK_LINES[0], audio=unplayable(2))
    seeder.completed("part.wma", *["A tone."] * round(300 / LINE_S), audio=unplayable(300))
    tones = ["A tone."] * round(TWO_PARTS_S / LINE_S)
    seeder.completed("long.wma", *tones, audio=unplayable(TWO_PARTS_S), speakers=("S1", *["S2"] * (len(tones) - 1)))
    seeder.failed("broken.mp3")
    seeder.cancelled("long.mp3")
    seeder.cancelled("Half.wav", *TALK_LINES[:4], speakers=("S1", "S2", "S1", "S2"))
    for number in range(60):
        seeder.completed(f"note {number}.wav", f"This is note {number}.")
    seeder.completed("Lecture.wav", *TALK_LINES * 20)
    server = Server(folder / "data", "--model-dir", str(folder / "models")).start()
    yield server
    server.stop()


@pytest.fixture
def library_context(
    browser: Browser, library_server: Server, context_options: dict[str, Any]
) -> Iterator[BrowserContext]:
    context = new_context(browser, library_server.url, context_options)
    yield context
    context.close()


@pytest.fixture
def library(library_context: BrowserContext, library_server: Server) -> Iterator[AppPage]:
    """The page with many finished jobs. Fails on unexpected console errors."""
    app = AppPage(library_context.new_page(), library_server.url)
    app.page.goto("/")
    app.page.locator("job-card").first.wait_for()
    yield app
    assert app.unexpected_errors() == []
    assert app.foreign_requests == []


@pytest.fixture
def context_options() -> dict[str, Any]:
    """Options of the browser context; tests override them by parametrization."""
    return {}


@pytest.fixture
def context(browser: Browser, server: Server, context_options: dict[str, Any]) -> Iterator[BrowserContext]:
    context = new_context(browser, server.url, context_options)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def app(page: Page, server: Server) -> Iterator[AppPage]:
    """The page without jobs. Fails on unexpected console errors."""
    app = AppPage(page, server.url)
    page.goto("/")
    page.locator("[data-sample]").first.wait_for(state="attached")
    yield app
    assert app.unexpected_errors() == []
    assert app.foreign_requests == []


@pytest.fixture(scope="session")
def samples() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return rows


@pytest.fixture
def clip(samples: list[dict[str, Any]]) -> Path:
    return SAMPLES / str(samples[0]["filename"])


@pytest.fixture(scope="session")
def long_recording(samples: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repeat_samples(samples, tmp_path_factory.mktemp("audio") / "long.wav", LONG_S)


@pytest.fixture(scope="session")
def endless_recording(samples: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repeat_samples(samples, tmp_path_factory.mktemp("audio") / "endless.wav", ENDLESS_S)


def repeat_samples(samples: list[dict[str, Any]], path: Path, duration_s: int) -> Path:
    """The English samples in a loop, at 8 kB per second."""
    once = joined(*(SAMPLES / str(each["filename"]) for each in samples if each["language"] == "en"), pause_s=1)
    part = path.with_name("once.wav")
    once.set_frame_rate(8000).set_channels(1).export(part, format="wav", codec="pcm_mulaw").close()
    ffmpeg("-stream_loop", "-1", "-i", part, "-t", str(duration_s), "-c", "copy", path)
    return path
