"""From a recording to its transcript, also across server restarts, reloads and tabs."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from localwhisper.export.registry import EXPORTERS, TEXT_FORMATS
from tests.browser.app_page import SERVER_UNREACHABLE, AppPage, JobCard, words
from tests.process.server import Server

RECONNECT_MS = 2000  # from the server's start to an up-to-date page


def test_samples_are_transcribed(app: AppPage, page: Page, samples: list[dict[str, Any]]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for sample in samples:
        page.locator(f"[data-sample={sample['id']}]").click()
        card = app.card(sample["filename"])
        card.expect_status("completed")
        expect(card.lines.first).to_be_visible()
        assert words(card.text) == words(sample["text"])
    card.click("Copy text")
    expect(card.element).to_contain_text("Copied")
    assert words(page.evaluate("navigator.clipboard.readText()")) == words(samples[-1]["text"])


def test_the_result_can_be_played_and_downloaded(
    app: AppPage, page: Page, clip: Path, samples: list[dict[str, Any]]
) -> None:
    app.choose_files(clip)
    card = app.card(clip.name)
    card.expect_status("completed")
    card.lines.last.get_by_role("button").click()  # opens the editor and plays from there
    page.wait_for_function(
        "() => ((media) => media && !media.paused && media.currentTime > 1)(document.querySelector('video'))"
    )
    editor = page.locator("transcript-editor")
    formats = editor.locator("#downloads a").all_text_contents()
    assert sorted(formats) == sorted(EXPORTERS)
    for format_name in formats:
        editor.locator("#export summary").click()
        with page.expect_download() as download:
            editor.get_by_role("link", name=format_name, exact=True).click()
        assert download.value.suggested_filename == f"{clip.stem}.{format_name}"
        if format_name in TEXT_FORMATS:
            text = download.value.path().read_text(encoding="utf-8")
            assert set(words(samples[0]["text"])) <= set(words(text))


def test_a_killed_server_loses_no_text(app: AppPage, page: Page, server: Server, long_recording: Path) -> None:
    app.allowed_errors.append(SERVER_UNREACHABLE)
    app.choose_files(long_recording)
    card = app.card(long_recording.name)
    card.lines.first.wait_for()
    card.expect_status("processing")
    before = card.segment_ids

    server.kill()
    expect(app.banner).to_be_visible()
    assert card.segment_ids[: len(before)] == before  # the known text stays visible
    server.start()
    expect(app.banner).to_be_hidden(timeout=RECONNECT_MS)
    assert app.job(card.job_id)["status"] in ("queued", "processing")

    card.expect_status("completed")
    expect(card.element.get_by_role("link", name="Read and listen")).to_be_visible()
    result = app.job(card.job_id)["result"]
    expect(card.lines).to_have_count(len(result["segments"]))
    assert card.segment_ids == [segment["id"] for segment in result["segments"]] == list(range(len(result["segments"])))
    assert words(card.text) == words(result["text"])

    app.choose_files(long_recording)  # once more without a restart, to compare
    expect(page.locator("job-card")).to_have_count(2)
    again = app.card(long_recording.name)
    assert again.job_id != card.job_id
    again.expect_status("completed")
    assert app.job(again.job_id)["result"]["text"] == result["text"]


def test_a_second_tab_shows_the_running_job(app: AppPage, page: Page, endless_recording: Path) -> None:
    app.choose_files(endless_recording)
    card = app.card(endless_recording.name)
    card.lines.first.wait_for()
    other = JobCard(page.context.new_page(), card.job_id)
    other.page.goto("/")
    other.lines.nth(1).wait_for()
    ids = other.segment_ids
    assert ids == list(range(len(ids)))
    other.click("Cancel")
    for tab in (card, other):
        tab.expect_status("cancelled")


def test_a_reload_keeps_the_text_so_far(app: AppPage, page: Page, endless_recording: Path) -> None:
    app.choose_files(endless_recording)
    card = app.card(endless_recording.name)
    card.lines.first.wait_for()
    page.reload()
    card.lines.first.wait_for()
    card.expect_status("processing")
    ids = card.segment_ids
    assert ids == list(range(len(ids)))
    card.click("Cancel")
    card.expect_status("cancelled")


def test_cancel_retry_remove_undo(app: AppPage, page: Page, endless_recording: Path) -> None:
    app.choose_files(endless_recording)
    card = app.card(endless_recording.name)
    card.lines.first.wait_for()
    card.click("Cancel")
    card.expect_status("cancelled")
    card.click("Try again")
    card.expect_status("processing")
    card.lines.first.wait_for()
    card.click("Cancel")
    card.expect_status("cancelled")
    card.click("Remove")
    expect(page.locator("job-card")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card.element).to_be_visible()
    assert app.job(card.job_id)["status"] == "cancelled"


@pytest.mark.parametrize("context_options", [{"locale": "es-ES"}])
def test_the_page_in_spanish(app: AppPage, page: Page, samples: list[dict[str, Any]]) -> None:
    spanish = next(sample for sample in samples if sample["language"] == "es")
    expect(page.get_by_role("heading", name="Transcripciones")).to_be_visible()
    page.get_by_role("button", name=f"Probar la muestra: {spanish['title']['es']} Español").click()
    card = app.card(spanish["filename"])
    card.expect_status("completed")
    expect(card.element).to_contain_text("Lista")
    expect(card.element).to_contain_text("Español")
    expect(card.lines.first).to_be_visible()
    assert words(card.text) == words(spanish["text"])
    page.get_by_label("Idioma de la página").select_option("en")
    expect(page.get_by_role("heading", name="Transcripts")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Transcripts")).to_be_visible()
