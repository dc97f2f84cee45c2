"""From a recording to its transcript, also across server restarts, reloads and tabs."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from localwhisper.export.registry import EXPORTERS, TEXT_FORMATS
from tests.audio.recordings import write
from tests.browser.app_page import SERVER_UNREACHABLE, AppPage, JobCard, words
from tests.process.server import Server
from tests.speech import decoded

RECONNECT_MS = 10_000  # from the server's start to an up-to-date page; on an idle machine at most two seconds


def test_samples_are_transcribed(app: AppPage, page: Page, samples: list[dict[str, Any]]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for sample in samples:
        page.locator("sample-list summary").click()
        page.locator(f"[data-sample={sample['id']}]").click()
        card = app.card(sample["filename"])
        card.expect_status("completed")
        expect(card.preview).to_be_visible()
        assert words(card.preview.inner_text())[:20] == words(sample["text"])[:20]
    card.choose("Copy text")
    expect(page.locator("toast-message")).to_contain_text("Copied")
    assert words(page.evaluate("navigator.clipboard.readText()")) == words(samples[-1]["text"])


def test_a_card_says_that_nobody_spoke_as_soon_as_that_is_known(app: AppPage, tmp_path: Path) -> None:
    silence = write(tmp_path / "silence.wav", np.zeros(16_000, np.int16))
    app.choose_files(silence)
    card = app.card(silence.name)
    card.expect_status("completed")
    expect(card.preview).to_have_text("No speech was found in this recording.")


def test_channels_apart_and_a_warning_about_the_audio(app: AppPage, page: Page, clip: Path, tmp_path: Path) -> None:
    speech = decoded(clip)
    path = write(tmp_path / "interview.wav", speech, np.roll(speech, 8000))
    path.write_bytes(path.read_bytes()[:-4000])
    page.locator("details.options summary").click()
    page.get_by_label("Channels").select_option("split")
    app.choose_files(path)
    card = app.card(path.name)
    card.expect_status("completed")
    expect(page.locator("job-card .warnings").first).to_contain_text("The file is cut off")
    card.open_editor()
    named = "line => getComputedStyle(line, '::before').content"
    assert {line.evaluate(named) for line in card.lines.locator(".line-text").all()} == {'"left: "', '"right: "'}


def test_the_result_can_be_played_and_downloaded(
    app: AppPage, page: Page, clip: Path, samples: list[dict[str, Any]]
) -> None:
    app.choose_files(clip)
    card = app.card(clip.name)
    card.expect_status("completed")
    card.open_editor()
    card.lines.last.locator(".time").click()
    page.wait_for_function(
        "() => ((media) => media && !media.paused && media.currentTime > 1)(document.querySelector('video'))"
    )
    editor = page.locator("transcript-editor")
    editor.locator("#export").click()
    formats = page.locator("#export-dialog [name=format]").evaluate_all("radios => radios.map((radio) => radio.value)")
    assert sorted(formats) == sorted(EXPORTERS)
    for format_name in formats:
        page.locator(f"#export-dialog .chip:has([value={format_name}])").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Save file").click()
        assert download.value.suggested_filename == f"{clip.stem}.{EXPORTERS[format_name].extension}"
        if format_name in TEXT_FORMATS and format_name != "rttm":  # it has times and speakers only
            text = download.value.path().read_text(encoding="utf-8")
            assert set(words(samples[0]["text"])) <= set(words(text))


def test_a_killed_server_loses_no_text(app: AppPage, page: Page, server: Server, long_recording: Path) -> None:
    app.allowed_errors.append(SERVER_UNREACHABLE)
    app.choose_files(long_recording)
    card = app.card(long_recording.name)
    card.expect_status("processing")
    card.open_editor()  # while the text is still being decoded
    before = card.segment_ids

    server.kill()
    expect(app.banner).to_be_visible()
    assert card.segment_ids[: len(before)] == before  # the known text stays visible
    server.start()
    expect(app.banner).to_be_hidden(timeout=RECONNECT_MS)
    assert app.job(card.job_id)["status"] in ("queued", "processing")

    card.expect_status("completed")
    expect(page.locator("#desk-notice")).to_be_hidden()
    result = app.job(card.job_id)["result"]
    expect(card.lines).to_have_count(len(result["segments"]))
    assert card.segment_ids == [segment["id"] for segment in result["segments"]] == list(range(len(result["segments"])))
    assert words(card.text) == words(result["text"])

    card.close_editor()
    app.choose_files(long_recording)  # once more without a restart, to compare
    expect(page.locator("job-card")).to_have_count(2)
    again = app.card(long_recording.name)
    assert again.job_id != card.job_id
    again.expect_status("completed")
    assert app.job(again.job_id)["result"]["text"] == result["text"]


def test_a_second_tab_shows_the_running_job(app: AppPage, page: Page, endless_recording: Path) -> None:
    app.choose_files(endless_recording)
    card = app.card(endless_recording.name)
    expect(card.preview).to_be_visible()
    other = JobCard(page.context.new_page(), card.job_id)
    other.page.goto(f"/#/job/{card.job_id}")
    other.lines.nth(1).wait_for()
    ids = other.segment_ids
    assert ids == list(range(len(ids)))
    other.close_editor()
    other.click("Cancel")
    for tab in (card, other):
        tab.expect_status("cancelled")


def test_a_cancelled_job_keeps_its_text_and_continues(app: AppPage, page: Page, endless_recording: Path) -> None:
    app.choose_files(endless_recording)
    card = app.card(endless_recording.name)
    card.expect_status("processing")
    card.open_editor()
    page.reload()
    card.lines.nth(1).wait_for()
    notice = page.locator("#desk-notice")
    expect(notice).to_contain_text("Transcribing")
    notice.get_by_role("button", name="Cancel").click()
    expect(notice).to_contain_text(re.compile(r"Cancelled after \d+:\d\d of 30:00"))
    ids, text = card.segment_ids, card.text
    assert ids == list(range(len(ids)))
    assert text
    page.reload()
    expect(card.lines).to_have_count(len(ids))
    page.locator("#export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save file").click()
    assert words(download.value.path().read_text(encoding="utf-8")) == words(text)
    page.keyboard.press("Escape")

    notice.get_by_role("button", name="Continue").click()
    expect(notice).to_contain_text("Transcribing")
    card.lines.nth(len(ids)).wait_for()
    assert words(card.text)[: len(words(text))] == words(text)
    card.close_editor()
    card.click("Cancel")
    card.expect_status("cancelled")
    card.click("Continue")
    card.expect_status("processing")
    card.click("Cancel")
    card.expect_status("cancelled")
    card.choose("Start over")
    card.expect_status("processing")
    card.click("Cancel")
    card.expect_status("cancelled")
    card.choose("Remove")
    expect(page.locator("job-card")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card.element).to_be_visible()
    assert app.job(card.job_id)["status"] == "cancelled"


@pytest.mark.parametrize("context_options", [{"locale": "es-ES"}])
def test_the_page_in_spanish(app: AppPage, page: Page, samples: list[dict[str, Any]]) -> None:
    spanish = next(sample for sample in samples if sample["language"] == "es")
    expect(page.get_by_role("heading", name="Transcripciones")).to_be_visible()
    page.locator("sample-list summary").click()
    page.get_by_role("button", name=f"Probar la muestra: {spanish['title']['es']} Español").click()
    card = app.card(spanish["filename"])
    card.expect_status("completed")
    expect(card.element).to_contain_text("Español")
    expect(card.preview).to_be_visible()
    assert words(card.preview.inner_text())[:20] == words(spanish["text"])[:20]
    page.get_by_label("Idioma de la página").select_option("en")
    expect(page.get_by_role("heading", name="Transcripts")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Transcripts")).to_be_visible()
