"""A recording from the microphone becomes its text; the level shows, a pause pauses."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Page, expect

from localwhisper.app import SAMPLES
from localwhisper.audio.ffmpeg import ffmpeg_path
from tests.browser.app_page import AppPage, words
from tests.browser.conftest import chromium_path
from tests.process.server import Server


@pytest.fixture
def spoken(samples: list[dict[str, Any]]) -> dict[str, Any]:
    return min(samples, key=lambda sample: float(sample["duration_s"]))


@pytest.fixture
def listening(browser_type: BrowserType, server: Server, spoken: dict[str, Any], tmp_path: Path) -> Iterator[Page]:
    """A page whose microphone hears a sample once."""
    heard = tmp_path / "heard.wav"
    source = ["-i", str(SAMPLES / spoken["filename"]), "-af", "adelay=700,apad=pad_dur=1"]
    subprocess.run([ffmpeg_path(), "-loglevel", "error", "-nostdin", *source, "-ar", "48000", str(heard)], check=True)
    flags = ["use-fake-device-for-media-stream", "use-fake-ui-for-media-stream"]
    flags.append(f"use-file-for-fake-audio-capture={heard}%noloop")
    arguments = ["--no-sandbox", *(f"--{flag}" for flag in flags)]
    browser = browser_type.launch(executable_path=chromium_path(), args=arguments)
    page = browser.new_page(base_url=server.url, locale="en-US")
    yield page
    browser.close()


def test_what_is_said_is_written(listening: Page, server: Server, spoken: dict[str, Any]) -> None:
    page, app = listening, AppPage(listening, server.url)
    page.goto("/")
    page.locator("[data-sample]").first.wait_for()
    page.get_by_role("button", name="Record").click()
    page.wait_for_function("() => document.querySelector('meter').value > 0.2")
    page.wait_for_timeout(1000 * (spoken["duration_s"] + 0.5))
    page.get_by_role("button", name="Pause").click()
    stood = page.locator("[role=timer]").inner_text()
    page.wait_for_timeout(1100)
    assert page.locator("[role=timer]").inner_text() == stood
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_label("Your recording")).to_be_visible()
    page.get_by_role("button", name="Transcribe it").click()
    card = page.locator("job-card[data-status=completed]")
    expect(card).to_contain_text(re.compile("Recording .*webm"), timeout=60_000)
    expect(card.locator("[data-segment]").first).to_be_visible()
    assert words(" ".join(card.locator("[data-segment] span").all_inner_texts())) == words(spoken["text"])
    assert app.complaints() == []
