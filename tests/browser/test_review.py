"""Reviewing with keys: differences from a second text, and words that were hard to hear; a text that one has."""

import base64
import re
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.app_page import CLIENT_ERROR, AppPage
from tests.browser.seed_data import SECOND_LINES, TALK_LINES
from tests.browser.test_accessibility import axe_violations
from tests.browser.test_editing import exported_lines
from tests.browser.test_listening import highlighted, play_slowly


def choose_in_menu(page: Page, name: str) -> None:
    page.locator("#more summary").click()
    page.get_by_role("button", name=name, exact=True).click()


def test_differences_are_taken_over_or_kept_by_keys(library: AppPage) -> None:
    library.card("Twice.wav").open_editor()
    page, count, lines = library.page, library.page.locator(".review .count"), library.page.locator(".line-text")
    expect(page.locator("#second-notice")).to_contain_text("another text of this recording")
    page.get_by_role("button", name="Review the differences").click()
    expect(count).to_have_text("1 of 3")
    expect(page.locator(".review del")).to_have_text("Ada")
    expect(page.locator(".review ins")).to_have_text("Ava")
    assert highlighted(page, "current-reviewed") == ["Ada"]
    assert highlighted(page, "reviewed") == ["Ada", "the", "had"]
    page.wait_for_function("() => document.querySelector('video').currentTime > 4")  # what is around it is heard
    assert axe_violations(page) == []

    page.keyboard.press("Backspace")  # keeps mine
    expect(count).to_have_text("1 of 2")
    expect(page.locator(".review del")).to_have_text("the")
    page.keyboard.press("Enter")
    expect(count).to_have_text("1 of 1")
    expect(lines.nth(2)).to_have_text(SECOND_LINES[2])
    assert exported_lines(page) == [*TALK_LINES[:2], SECOND_LINES[2], TALK_LINES[3]]
    page.get_by_label("Capitals and punctuation, too").check()
    expect(count).to_have_text("4 of 4")
    page.get_by_role("button", name="Use all 4").click()
    expect(count).to_have_text("Nothing is left.")
    assert exported_lines(page) == [
        SECOND_LINES[0],
        "I want to talk about the machine that Ada described",
        *SECOND_LINES[2:],
    ]

    page.keyboard.press("Escape")
    expect(page.locator(".review")).to_be_hidden()
    page.keyboard.press("e")
    page.keyboard.press("Control+z")
    expect(lines.first).to_have_text(TALK_LINES[0])
    expect(page.locator(".save-state")).to_have_text("Corrections saved")
    assert exported_lines(page) == [*TALK_LINES[:2], SECOND_LINES[2], TALK_LINES[3]]
    page.locator("#second-notice").get_by_role("button", name="Close").click()
    expect(page.locator("#second-notice")).to_be_hidden()
    page.reload()
    expect(lines.first).to_be_visible()
    expect(page.locator("#second-notice")).to_be_hidden()


def test_a_refused_decision_is_said_and_stays_open(library: AppPage) -> None:
    library.allowed_errors.append(re.compile("status of 500"))
    library.card("Twice.wav").open_editor()
    page, count = library.page, library.page.locator(".review .count")
    page.evaluate("id => location.hash = `#/job/${id}`", library.card("Twice again.wav").job_id)
    page.get_by_role("button", name="Review the differences").click()
    expect(count).to_contain_text("1 of")
    before = count.text_content()
    refused = {"error": {"code": "internal_error", "message": "It didn't work."}}
    page.route("**/differences?*", lambda route: route.fulfill(status=500, json=refused))
    page.keyboard.press("Enter")
    expect(page.locator("toast-message")).to_contain_text("It didn't work.")
    expect(count).to_have_text(str(before))


def test_unsure_words_are_accepted_or_corrected_by_keys(library: AppPage) -> None:
    library.card("Unsure.wav").open_editor()
    page, count = library.page, library.page.locator(".review .count")
    play_slowly(page)
    choose_in_menu(page, "Listen to unsure words")
    word = page.get_by_label("The word", exact=True)
    expect(count).to_have_text("1 of 3")
    expect(word).to_have_value("evening.")
    expect(word).to_be_focused()
    assert highlighted(page, "current-reviewed") == ["evening."]
    page.wait_for_function("() => document.querySelector('video').currentTime > 1")
    page.wait_for_function("() => document.querySelector('video').paused")
    assert page.evaluate("document.querySelector('video').currentTime") < 4  # only the word and what is around it
    assert axe_violations(page) == []
    page.keyboard.press("Enter")  # it's right
    expect(word).to_have_value("the")
    page.keyboard.press("ArrowDown")
    expect(word).to_have_value("who")
    page.keyboard.press("ArrowUp")
    expect(word).to_have_value("the")
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    expect(word).to_have_value("who")
    expect(count).to_have_text("1 of 1")
    assert exported_lines(page)[1] == TALK_LINES[1].replace("the", "a")
    page.get_by_label("Probability").select_option("0.2")
    expect(count).to_have_text("Nothing is left.")
    page.keyboard.press("Escape")
    choose_in_menu(page, "Listen to unsure words")
    page.get_by_label("Probability").select_option("0.5")
    expect(word).to_have_value("who")  # what was accepted stays so


def test_a_transcribed_recording_gets_word_times_a_second_text_and_a_script(app: AppPage, clip: Path) -> None:
    app.choose_files(clip)
    card = app.card(clip.name)
    card.expect_status("completed")
    card.open_editor()
    page = app.page
    choose_in_menu(page, "Listen to unsure words")
    expect(page.locator(".review")).to_be_visible()
    segments = app.job(card.job_id)["result"]["segments"]
    assert [word["word"].strip() for segment in segments for word in segment["words"]] == card.text.split()
    page.keyboard.press("Escape")

    page.locator(".line-text").first.select_text()
    choose_in_menu(page, "Transcribe again…")
    expect(page.locator("#again-dialog").get_by_label("Model")).to_be_focused()
    assert axe_violations(page) == []
    expect(page.get_by_label("Part", exact=True)).to_contain_text("The selection (0:0")
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.get_by_role("button", name="Review the differences").click()
    expect(page.locator(".review")).to_be_visible()
    expect(page.locator(".review .count")).to_have_text("Nothing is left.")
    page.keyboard.press("Escape")

    choose_in_menu(page, "Align a text you have…")
    page.get_by_label("Align a text you have").locator("visible=true").last.fill(
        "Good MORNING\nto my friend: today\nis Monday."
    )
    assert axe_violations(page) == []
    page.get_by_role("button", name="Align", exact=True).click()
    expect(page.locator("toast-message")).to_contain_text("8 words found")
    expect(card.lines).to_have_count(3)
    page.locator("toast-message").get_by_role("button").click()
    expect(page.locator(".review .count")).to_have_text("1 of 1")
    expect(page.locator(".review del")).to_have_text("to")
    page.keyboard.press("Enter")
    expect(card.lines.nth(1)).to_contain_text("my friend: today")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(card.lines).to_have_count(len(segments))


def drop(page: Page, files: dict[str, bytes]) -> None:
    """By their names."""
    contents = [[name, base64.b64encode(content).decode()] for name, content in files.items()]
    page.evaluate(
        """files => {
            const dataTransfer = new DataTransfer();
            const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
            for (const [name, content] of files) dataTransfer.items.add(new File([bytes(content)], name));
            document.body.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
        }""",
        contents,
    )


def test_a_script_dropped_on_the_desk_can_be_aligned(library: AppPage) -> None:
    page = library.page
    library.card("Ada.wav").open_editor()
    drop(page, {"talk.txt": b"Thank you all."})
    dialog = page.get_by_role("dialog", name="Align a text you have")
    expect(dialog.get_by_role("textbox")).to_have_value("Thank you all.")
    assert page.locator("upload-card").count() == 0
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    asked: list[str] = []
    page.on("dialog", lambda question: asked.append(question.message) or question.dismiss())
    library.allowed_errors.append(CLIENT_ERROR)
    drop(page, {"other.wav": b"no sound", "talk.txt": b"Thank you all."})
    expect(page.locator("upload-card")).to_have_count(2)  # refused: neither is a recording
    assert [message.split("?")[0] for message in asked] == ["Is talk.txt the text of other.wav"]


def test_an_aligned_text_is_not_reviewed_in_another_transcript(library: AppPage) -> None:
    library.card("Edges.wav").open_editor()
    page = library.page
    lines = library.job(page.url.split("/job/")[1])["result"]["segments"]
    page.route("**/align", lambda route: route.fulfill(json={"version": 0, "segments": lines, "words": 3, "placed": 3}))
    choose_in_menu(page, "Align a text you have…")
    dialog = page.get_by_role("dialog", name="Align a text you have")
    dialog.get_by_role("textbox").fill("Thank you all.")
    dialog.get_by_role("button", name="Align", exact=True).click()
    toast = page.locator("toast-message")
    expect(toast).to_contain_text("3 of 3 words")
    page.get_by_role("link", name="All transcripts").click()
    library.card("Ada.wav").open_editor()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/differences" in request.url else None)
    toast.get_by_role("button").click()
    expect(toast).to_be_hidden()
    page.wait_for_timeout(300)
    assert asked == []


def test_a_script_beside_a_recording_is_aligned_once_it_is_transcribed(app: AppPage, clip: Path) -> None:
    app.page.on("dialog", lambda dialog: dialog.accept())  # asks, since the names differ
    drop(app.page, {clip.name: clip.read_bytes(), "script.txt": b"Good morning,\nmy friend! Today is Monday."})
    expect(app.page.locator("toast-message")).to_contain_text(f"{clip.name}: 7 of 7 words")
    app.page.locator("toast-message").get_by_role("button", name="Show").click()
    expect(app.page.locator(".line-text").first).to_have_text("Good morning,")
    assert exported_lines(app.page) == ["Good morning,", "my friend! Today is Monday."]
    assert len(app.page.request.get("/jobs").json()["jobs"]) == 1


def test_unsure_words_are_those_of_a_transcript_that_is_still_loading(app: AppPage, clip: Path) -> None:
    app.choose_files(clip)
    card = app.card(clip.name)
    card.expect_status("completed")
    page, waiting = app.page, list[Route]()
    page.route(f"**/job/{card.job_id}", lambda route: waiting.append(route))
    card.open_editor()  # shows what came while it was transcribed
    choose_in_menu(page, "Listen to unsure words")
    page.wait_for_timeout(300)
    expect(page.locator(".review")).to_be_hidden()
    for route in waiting:
        route.continue_()
    page.unroute(f"**/job/{card.job_id}")
    expect(page.locator(".review")).to_be_visible()
    assert all(segment["words"] for segment in app.job(card.job_id)["result"]["segments"])
