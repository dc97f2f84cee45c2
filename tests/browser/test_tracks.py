"""A file with two audio tracks: which is transcribed is shown, and the other is one click away."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.audio.recordings import ffmpeg
from tests.browser.app_page import AppPage
from tests.browser.test_accessibility import axe_violations
from tests.speech import CLIP, SPANISH_CLIP, is_text_of


@pytest.fixture
def two_tracks(tmp_path: Path) -> Callable[[Path, Path], Path]:
    def make(english: Path, spanish: Path) -> Path:
        maps = ("-map", "0:a", "-map", "1:a", "-c", "copy")
        languages = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=spa")
        ffmpeg("-i", english, "-i", spanish, *maps, *languages, tmp_path / "film.mkv")
        return tmp_path / "film.mkv"

    return make


def test_another_track_is_chosen_while_the_first_is_transcribed(
    app: AppPage, two_tracks: Callable[[Path, Path], Path], endless_recording: Path
) -> None:
    app.choose_files(two_tracks(endless_recording, endless_recording))
    card = app.card("film.mkv")
    tracks = card.element.locator(".tracks")
    expect(tracks).to_have_text("Audio track 1 of 2 (English)Use track 2 (Spanish)")
    assert axe_violations(app.page) == []
    card.click("Use track 2 (Spanish)")
    expect(tracks).to_have_text("Audio track 2 of 2 (Spanish)Use track 1 (English)")
    card.expect_status("processing")
    expect(app.page.locator("job-card")).to_have_count(1)
    assert app.job(card.job_id)["options"]["audio_track"] == "2"


def test_another_track_of_a_finished_recording(app: AppPage, two_tracks: Callable[[Path, Path], Path]) -> None:
    app.choose_files(two_tracks(CLIP, SPANISH_CLIP))
    first = app.card("film.mkv")
    first.expect_status("completed")
    first.click("Transcribe track 2 (Spanish)")
    expect(app.page.locator("job-card")).to_have_count(2)
    second = app.card("film.mkv")
    assert second.job_id != first.job_id
    second.expect_status("completed")
    expect(second.element.locator(".tracks")).to_contain_text("Audio track 2 of 2 (Spanish)")
    texts = [app.job(card.job_id)["result"]["text"] for card in (first, second)]
    assert is_text_of(CLIP, texts[0])
    assert is_text_of(SPANISH_CLIP, texts[1])
    with app.page.expect_request(re.compile(r"/audio\?from=0\.000&.*format=mp3$")):
        second.open_editor()
    app.page.get_by_role("button", name="Play", exact=True).click()
    app.page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    app.page.locator("#more summary").click()
    pressed = app.page.locator("#tracks").get_by_role("button", pressed=True)
    expect(pressed).to_have_text("2 (Spanish)")
