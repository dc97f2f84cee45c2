"""The pictures of the README in both themes: `make screenshots`."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from localwhisper.app import SAMPLES
from tests.browser.conftest import chromium_path
from tests.browser.seed_data import JobSeeder
from tests.process.server import Server

DOCS = Path(__file__).parents[2] / "docs"
WIDE = {"width": 1180, "height": 820}
PHONE = {"width": 320, "height": 640}


def take(browser: Browser, server: Server, job_id: str, scheme: str, suffix: str) -> None:
    context = browser.new_context(base_url=server.url, color_scheme=scheme, viewport=WIDE, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/")
    page.locator("job-card .preview").first.wait_for()
    page.screenshot(path=DOCS / f"page{suffix}.png")
    page.goto(f"/#/job/{job_id}")
    page.locator("transcript-editor [data-segment]").first.wait_for()
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    page.evaluate("document.querySelector('video').currentTime = 10.3")
    page.locator("#more summary").click()
    page.get_by_role("button", name="Uncertain words").click()
    page.wait_for_timeout(700)
    page.screenshot(path=DOCS / f"editor{suffix}.png")
    page.keyboard.press("e")
    page.locator(".line-text").nth(5).click()
    page.screenshot(path=DOCS / f"correcting{suffix}.png")
    page.goto("/#/")
    page.locator("history-filter input").fill("morning")
    page.locator("mark").first.wait_for()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.locator("history-filter").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, document.querySelector('.section-header').offsetTop - 16)")
    page.screenshot(path=DOCS / f"phone{suffix}.png")
    context.close()


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir = Path(folder) / "data"
        seeder = JobSeeder(data_dir, SAMPLES / "en-greeting.opus")
        seeder.failed("field notes (damaged).mp3")
        seeder.cancelled("Town council, full session.wav")
        server = Server(data_dir, "--model-dir", str(Path(folder) / "models")).start()
        for name in ("es-saludo", "en-number", "es-dia", "en-day"):
            job_id = server.submit(SAMPLES / f"{name}.opus", word_timestamps="true")
            server.job_when(job_id, "completed")
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for scheme, suffix in (("light", ""), ("dark", "-dark")):
            take(browser, server, job_id, scheme, suffix)
        browser.close()
        server.stop()


if __name__ == "__main__":
    main()
