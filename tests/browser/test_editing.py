"""Corrections on the app: in place, saved by themselves, never over someone else's."""

from playwright.sync_api import Page, expect

from tests.browser.app_page import REFUSED, AppPage
from tests.browser.seed_data import TALK
from tests.process.server import Server


def correcting(app: AppPage, filename: str) -> Page:
    app.card(filename).read()
    app.page.keyboard.press("e")
    expect(app.page.get_by_role("button", name="Correct")).to_have_attribute("aria-pressed", "true")
    return app.page


def exported(app: AppPage, page: Page, query: str = "") -> list[str]:
    job_id = page.url.split("/job/")[1].split("?")[0]
    return app.page.request.get(f"/job/{job_id}/transcript.txt{query}").text().splitlines()


def saved(page: Page) -> None:
    expect(page.locator(".save-state")).to_have_text("Corrected and saved")


def test_edit_split_merge_undo_redo(library: AppPage) -> None:
    page = correcting(library, "Correct.wav")
    said = page.locator(".line-text")
    said.first.click()
    page.keyboard.press("Home")
    page.keyboard.type("So: ")
    saved(page)
    assert exported(library, page)[0] == f"So: {TALK[0]}"
    assert exported(library, page, "?original=true") == list(TALK)

    page.keyboard.press("Enter")  # splits behind the new word
    expect(said).to_have_count(len(TALK) + 1)
    expect(said.nth(1)).to_be_focused()
    expect(said.nth(1)).to_have_text(TALK[0])
    page.keyboard.press("Backspace")  # and joins again
    expect(said).to_have_count(len(TALK))
    page.keyboard.press("Control+z")
    expect(said).to_have_count(len(TALK) + 1)
    page.keyboard.press("Control+Shift+z")
    expect(said).to_have_count(len(TALK))
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(said).to_have_count(len(TALK) - 1)
    saved(page)
    page.get_by_role("button", name="Back to the machine's text").click()
    expect(said.first).to_have_text(TALK[0])
    assert exported(library, page) == list(TALK)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Correct")).to_have_attribute("aria-pressed", "false")


def test_times_are_set_from_the_play_position(library: AppPage) -> None:
    page = correcting(library, "Times.wav")
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    page.evaluate("document.querySelector('video').currentTime = 4")
    page.locator(".line-text").nth(1).click()
    page.get_by_role("button", name="Starts now").click()
    expect(page.get_by_role("button", name="Play from 0:04")).to_be_visible()
    saved(page)


def test_what_is_typed_just_before_leaving_is_saved(library: AppPage) -> None:
    page = correcting(library, "Times.wav")
    page.locator(".line-text").nth(3).click()
    page.keyboard.press("End")
    page.keyboard.type(" Not yet.")
    page.get_by_role("link", name="All transcripts").click()
    library.card("Times.wav").read()
    expect(page.locator(".line-text").nth(3)).to_have_text(f"{TALK[3]} Not yet.")


def test_two_tabs_never_overwrite_each_other(library: AppPage, library_server: Server) -> None:
    library.tolerated.append(REFUSED)
    page = correcting(library, "Conflict.wav")
    job_id = page.url.split("/job/")[1]
    page.locator(".line-text").first.click()
    page.keyboard.press("End")
    page.route("**/transcript", lambda route: route.abort())  # the tab is cut off while it types
    library.tolerated.append(REFUSED)
    page.keyboard.type(" Mine.")
    line = {"start": 0, "end": 3, "text": "Theirs."}
    body = {"version": 0, "at": 0, "remove": 1, "segments": [line]}
    expect(page.locator(".save-state")).to_contain_text("Not saved")
    library.tolerated.append(library.away)
    assert page.request.patch(f"/job/{job_id}/transcript", data=body).ok
    page.unroute("**/transcript")
    page.keyboard.type("!")
    conflict = page.locator(".conflict")
    expect(conflict).to_contain_text("Theirs.")
    expect(conflict).to_contain_text(f"{TALK[0]} Mine.!")
    assert exported(library, page)[0] == "Theirs."
    page.get_by_role("button", name="Keep mine").click()
    saved(page)
    assert exported(library, page)[0] == f"{TALK[0]} Mine.!"
    page.keyboard.press("Control+z")
    expect(page.locator(".line-text").first).to_have_text("Theirs.")
    saved(page)


def test_another_tab_shows_the_correction(library: AppPage) -> None:
    page = correcting(library, "Remove.wav")
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".line-text").first).to_have_text(TALK[0])
    page.locator(".line-text").first.click()
    page.keyboard.press("End")
    page.keyboard.type(" Welcome.")
    expect(other.locator(".line-text").first).to_have_text(f"{TALK[0]} Welcome.")
