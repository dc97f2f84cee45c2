"""Recording while things go wrong: nothing of it is lost or doubled, and its text is that of the same samples."""

import base64
import io
import re
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Page, Route, expect

from localwhisper.app import SAMPLES
from localwhisper.audio.ffmpeg import ffmpeg_path
from tests.browser.app_page import AppPage
from tests.browser.conftest import TIMEOUT_MS, with_microphone
from tests.process.server import Server

RATE = 16_000
# keeps what is recorded, also over a reload
KEEP_SAMPLES = """
globalThis.AudioWorkletNode = class extends AudioWorkletNode {
	constructor(...parameters) {
		super(...parameters);
		this.port.addEventListener("message", ({ data }) => {
			const bytes = btoa(String.fromCharCode(...new Uint8Array(data.buffer)));
			sessionStorage.setItem("recorded", `${sessionStorage.getItem("recorded") ?? ""} ${bytes}`);
		});
	}
};
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data", "--model-dir", str(tmp_path / "models")).start()
    yield server
    server.kill()


@pytest.fixture
def page(browser_type: BrowserType, server: Server, samples: list[dict[str, Any]], tmp_path: Path) -> Iterator[Page]:
    """Its microphone plays a sample again and again."""
    source = ["-stream_loop", "9", "-i", str(SAMPLES / samples[0]["filename"]), "-ar", "48000", "-t", "30"]
    recording = tmp_path / "recording.wav"
    subprocess.run([ffmpeg_path(), "-loglevel", "error", "-nostdin", *source, str(recording)], check=True)
    browser = with_microphone(browser_type, recording)
    page = browser.new_context(base_url=server.url, locale="en-US").new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.add_init_script(KEEP_SAMPLES)
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    browser.close()


def recorded(page: Page) -> bytes:
    parts: str = page.evaluate("sessionStorage.getItem('recorded')")
    return b"".join(map(base64.b64decode, parts.split()))


def return_to_the_page(page: Page) -> None:
    """It goes while samples are on their way: they are sent once more, and arrive first."""
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/recording?*", hold_the_first)
    with page.expect_response("**/recording?*"):
        page.wait_for_timeout(800)  # more than the held request's samples
        page.evaluate("dispatchEvent(new Event('pagehide'))")
    held[0].continue_()
    page.unroute_all()


def test_a_killed_server_a_lost_network_and_a_reload_lose_nothing(page: Page, server: Server, tmp_path: Path) -> None:
    app = AppPage(page, server.url)
    page.goto("/")
    page.locator("[data-sample]").first.wait_for(state="attached")
    page.get_by_role("button", name="Record", exact=True).click()
    bar = page.get_by_role("group", name="Recording")
    expect(bar.locator("[role=timer]")).to_have_text(re.compile("0:0[2-9]|0:[1-9]"))

    server.kill()
    expect(bar).to_contain_text("Kept here until the server answers")
    server.start()
    expect(bar).not_to_contain_text("Kept here")

    page.context.set_offline(True)
    expect(bar).to_contain_text("Kept here until the server answers")
    page.wait_for_timeout(1000)
    page.context.set_offline(False)
    expect(bar).not_to_contain_text("Kept here")

    return_to_the_page(page)
    page.reload()
    bar.get_by_role("button", name="Continue").click()
    expect(bar.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_timeout(1000)
    bar.get_by_role("button", name="Stop").click()
    card = page.locator("job-card")
    expect(card).to_have_attribute("data-status", "completed")

    job = app.job(card.get_attribute("data-job") or "")
    audio = server.get(f"/job/{job['job_id']}/audio")
    with wave.open(io.BytesIO(audio)) as reader:
        samples = reader.readframes(10**9)
    kept = recorded(page)
    assert len(samples) > 5 * 2 * RATE
    assert samples == kept[: len(samples)]
    assert len(kept) - len(samples) < 2 * RATE  # what came after the stop
    id = server.submit_bytes(audio, "same.wav", model=job["model"], quality=job["options"]["quality"])
    undisturbed = server.job_when(id, "completed")
    assert undisturbed["result"]["text"] == job["result"]["text"] != ""
