"""Correcting transcripts in the editor: edits, autosave, and conflicts between tabs."""

import re

import pysubs2
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.app_page import CLIENT_ERROR, SERVER_UNREACHABLE, AppPage, wait_until
from tests.browser.seed_data import LINE_S, TALK_LINES


def start_correcting(app: AppPage, filename: str) -> Page:
    app.card(filename).open_editor()
    app.page.keyboard.press("e")
    expect(app.page.get_by_role("button", name="Done")).to_have_attribute("aria-pressed", "true")
    return app.page


def exported(page: Page, extension: str, query: str = "") -> str:
    job_id = page.url.split("/job/")[1].split("?")[0]
    return page.request.get(f"/job/{job_id}/transcript.{extension}{query}").text()


def exported_lines(page: Page, query: str = "") -> list[str]:
    return exported(page, "txt", query).splitlines()


def expect_saved(page: Page) -> None:
    expect(page.locator(".save-state")).to_have_text("Corrections saved")


def seek(page: Page, time_s: float) -> None:
    page.evaluate("(time) => { document.querySelector('video').currentTime = time }", time_s)


def test_edit_split_merge_undo_redo(library: AppPage) -> None:
    page = start_correcting(library, "Correct.wav")
    lines, current = page.locator(".line-text"), page.locator(".line[aria-current]")
    seek(page, 2 * LINE_S)
    expect(current).to_contain_text(TALK_LINES[2])
    lines.first.click()
    page.keyboard.press("Home")
    page.keyboard.type("So: ")
    expect_saved(page)
    assert exported_lines(page)[0] == f"So: {TALK_LINES[0]}"
    assert exported_lines(page, "?original=true") == list(TALK_LINES)

    page.keyboard.press("Enter")  # splits the line after the new word
    expect(lines).to_have_count(len(TALK_LINES) + 1)
    expect(lines.nth(1)).to_be_focused()
    expect(lines.nth(1)).to_have_text(TALK_LINES[0])
    seek(page, LINE_S)
    expect(current).to_contain_text(TALK_LINES[1])  # and no other line
    page.keyboard.press("Backspace")  # joins it again
    expect(lines).to_have_count(len(TALK_LINES))
    page.keyboard.press("Control+z")
    expect(lines).to_have_count(len(TALK_LINES) + 1)
    page.keyboard.press("Control+Shift+z")
    expect(lines).to_have_count(len(TALK_LINES))
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(lines).to_have_count(len(TALK_LINES) - 1)
    expect_saved(page)
    page.locator("#more summary").click()
    page.get_by_role("button", name="Restore original").click()
    expect(lines.first).to_have_text(TALK_LINES[0])
    assert exported_lines(page) == list(TALK_LINES)
    expect(page.locator(".save-state")).to_have_text("Original restored")
    expect(page).to_have_title("Correct.wav")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Correct")).to_have_attribute("aria-pressed", "false")


def test_line_times_are_set_from_the_play_position(library: AppPage) -> None:
    page = start_correcting(library, "Times.wav")
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    page.evaluate("document.querySelector('video').currentTime = 4")
    page.locator(".line-text").nth(1).click()
    page.get_by_role("button", name="Set start").click()
    expect(page.get_by_role("button", name="Play from 0:04")).to_be_visible()
    expect_saved(page)
    page.evaluate("document.querySelector('video').currentTime = 8")
    page.get_by_role("button", name="Set start").click()
    expect(page.locator("toast-message")).to_contain_text("can't start at 0:08.0, after its own end")
    page.evaluate("document.querySelector('video').currentTime = 11.5")
    page.get_by_role("button", name="Set end").click()  # the next line ends at 9
    expect(page.locator("toast-message")).to_contain_text("The latest end is 0:08.9")
    page.locator(".line-text").nth(4).press("Control+a")
    page.keyboard.press("Delete")
    page.locator(".line-text").nth(6).click()  # the emptied line goes
    expect(page.locator(".line-text")).to_have_count(len(TALK_LINES) - 1)
    expect_saved(page)
    cues = pysubs2.SSAFile.from_string(exported(page, "srt"), "srt")
    times = [time for cue in cues for time in (cue.start, cue.end)]
    assert times == sorted(times)
    assert len(cues) == len(TALK_LINES) - 1


def test_leaving_the_editor_saves_pending_changes(library: AppPage) -> None:
    page = start_correcting(library, "Times.wav")
    page.locator(".line-text").nth(3).click()
    page.keyboard.press("End")
    page.keyboard.type(" Not yet.")
    page.get_by_role("link", name="All transcripts").click()
    library.card("Times.wav").open_editor()
    expect(page.locator(".line-text").nth(3)).to_have_text(f"{TALK_LINES[3]} Not yet.")


def test_what_could_not_be_saved_is_saved_later(library: AppPage) -> None:
    """Also a note, and after the transcript has been left."""
    library.allowed_errors.append(re.compile("status of 507"))
    page = start_correcting(library, "Refused.wav")
    job_id = page.url.split("/job/")[1]
    page.locator(".line-text").nth(3).click()
    page.keyboard.press("End")
    full = {"error": {"code": "disk_full", "message": "The disk is full."}}
    is_full = True

    def answer(route: Route) -> None:
        if is_full and route.request.method == "PATCH":
            route.fulfill(status=507, json=full)
        else:
            route.continue_()

    page.route(re.compile(job_id), answer)
    page.keyboard.type(" Later.")
    expect(page.locator(".save-state")).to_have_text("Not saved yet: The disk is full.")
    page.locator("[data-command='editor:note']").dispatch_event("click")
    page.keyboard.type("A note")
    page.get_by_role("link", name="All transcripts").click()
    library.card("Ada.wav").open_editor()
    is_full = False
    wait_until(page, lambda: library.job(job_id)["result"]["text"].count("Later.") == 1)
    wait_until(page, lambda: [note["text"] for note in library.job(job_id)["notes"]] == ["A note"])


def test_what_is_typed_while_the_original_is_restored_stays(library: AppPage) -> None:
    library.allowed_errors.append(CLIENT_ERROR)
    page = start_correcting(library, "Restore.wav")
    lines = page.locator(".line-text")
    lines.nth(1).fill("Corrected.")
    expect_saved(page)
    waiting: list[tuple[Route, APIResponse]] = []
    page.route("**/transcript?version=*", lambda route: waiting.append((route, route.fetch())))
    page.locator("#more summary").click()
    page.get_by_role("button", name="Restore original").click()
    wait_until(page, lambda: waiting)
    lines.nth(4).fill("Typed meanwhile.")
    route, restored = waiting[0]
    route.fulfill(response=restored)
    expect(lines.nth(1)).to_have_text(TALK_LINES[1])
    expect(lines.nth(4)).to_have_text("Typed meanwhile.")
    expect_saved(page)
    assert exported_lines(page) == [*TALK_LINES[:4], "Typed meanwhile.", *TALK_LINES[5:]]


def test_concurrent_edits_are_merged_by_line(library: AppPage) -> None:
    library.allowed_errors.append(CLIENT_ERROR)
    page = start_correcting(library, "Conflict.wav")
    job_id = page.url.split("/job/")[1]
    lines = page.locator(".line-text")

    def type_while_disconnected(*line_numbers: int) -> None:
        page.route("**/transcript", lambda route: route.abort())
        library.allowed_errors.append(SERVER_UNREACHABLE)
        for number in line_numbers:
            lines.nth(number).click()
            page.keyboard.press("End")
            page.keyboard.type(" Mine.")
        expect(page.locator(".save-state")).to_contain_text("Not saved")

    def change_elsewhere(version: int, number: int) -> None:
        line = {"start": 3 * number, "end": 3 * number + 3, "text": f"Theirs {number}."}
        body = {"version": version, "at": number, "remove": 1, "segments": [line]}
        assert page.request.patch(f"/job/{job_id}/transcript", data=body).ok

    type_while_disconnected(0, 2)
    change_elsewhere(0, 4)
    change_elsewhere(1, 6)
    page.unroute("**/transcript")
    page.keyboard.type("!")
    expect_saved(page)  # without a question: no line was changed by both
    expect(page.locator("toast-message")).to_contain_text("Changes made elsewhere")
    saved = exported_lines(page)
    assert saved[:7:2] == [f"{TALK_LINES[0]} Mine.", f"{TALK_LINES[2]} Mine.!", "Theirs 4.", "Theirs 6."]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(lines.nth(4)).to_have_text("Theirs 4.")  # undo doesn't undo what others did
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    expect_saved(page)
    version = page.request.get(f"/job/{job_id}").json()["transcript_version"]

    type_while_disconnected(1, 7)
    change_elsewhere(version, 7)
    change_elsewhere(version + 1, 8)
    page.unroute("**/transcript")
    page.keyboard.type("!")
    conflict = page.locator(".conflict")
    expect(conflict).to_contain_text("Theirs 7.")
    expect(conflict).to_contain_text(f"{TALK_LINES[7]} Mine.!")
    page.get_by_role("button", name="Keep mine").click()
    expect_saved(page)
    assert exported_lines(page)[7:9] == [f"{TALK_LINES[7]} Mine.!", "Theirs 8."]
    assert exported_lines(page)[1].endswith("Mine.")
    page.keyboard.press("Control+z")
    expect(lines.nth(7)).to_have_text("Theirs 7.")
    expect_saved(page)


def test_notes_written_in_two_tabs_are_merged(library: AppPage) -> None:
    page, card = library.page, library.card("Monologue.wav")
    address = f"/job/{card.job_id}"
    first, second = ({"start": n, "end": n + 1, "quote": "coming", "text": f"note {n}"} for n in range(2))
    page.request.patch(address, data={"notes": [first]})
    card.open_editor()
    fields = page.locator(".note textarea")
    fields.first.focus()
    page.request.patch(address, data={"notes": [first, second]})
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        fields.first.fill("Here.")
    assert [note["text"] for note in page.request.get(address).json()["notes"]] == ["Here.", "note 1"]
    page.locator("h1.name").click()
    expect(fields).to_have_count(2)


def test_corrections_appear_in_other_tabs(library: AppPage) -> None:
    page = start_correcting(library, "Remove.wav")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".line-text").first).to_have_text(TALK_LINES[0])
    page.locator(".line-text").first.click()
    page.keyboard.press("End")
    page.keyboard.type(" Welcome.")
    expect(other.locator(".line-text").first).to_have_text(f"{TALK_LINES[0]} Welcome.")
