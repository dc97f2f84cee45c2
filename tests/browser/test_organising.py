"""Many transcripts: renamed, tagged, selected, exported and removed together; text replaced in all of them."""

import io
import zipfile

from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage
from tests.browser.seed_data import TALK_LINES


def search(page: Page, text: str, count: int) -> None:
    page.locator("history-filter input[type=search]").fill(text)
    expect(page.locator("job-card")).to_have_count(count)


def test_names_and_tags(library: AppPage) -> None:
    page = library.page
    card = library.card("Tag.wav")
    card.choose("Name and tags")
    name = page.locator("#describe-name")
    expect(name).to_have_value("Tag")
    name.fill("Evening 1.5")
    page.get_by_label("Tags", exact=True).fill("Ada, talks")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(card.element.locator("a.name")).to_have_text("Evening 1.5.wav")
    card.element.get_by_role("button", name="talks").click()
    expect(page.locator("job-card")).to_have_count(1)
    page.get_by_role("button", name="Only with the tag talks").click()
    page.locator("job-card").nth(5).wait_for()
    library.card("note 3.wav").choose("Name and tags")
    page.locator("#known-tags").get_by_role("button", name="Ada").click()
    expect(page.get_by_label("Tags", exact=True)).to_have_value("Ada")
    page.keyboard.press("Escape")
    card.open_editor()
    expect(page.locator("transcript-editor h1")).to_have_text("Evening 1.5.wav")


def test_several_are_exported_and_removed_together(library: AppPage) -> None:
    page = library.page
    page.locator("history-filter input[type=search]").fill("note 4")
    expect(page.locator("job-card")).not_to_have_count(50)  # the first page of all
    n_found = page.locator("job-card").count()  # other tests may have added some
    page.locator("#list-menu summary").click()
    page.get_by_role("button", name="Select several").click()
    bar = page.locator("bulk-bar")
    library.card("note 40.wav").element.get_by_role("checkbox").check()
    library.card("note 41.wav").element.locator("a.name").click()  # selects as well
    expect(bar).to_contain_text("Selected: 2")
    bar.get_by_role("button", name="Export").click()
    page.locator("#export-dialog .chip:has([value=txt])").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save file").click()
    archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert sorted(archive.namelist()) == ["note 40.txt", "note 41.txt"]
    assert archive.read("note 40.txt") == b"This is note 40.\n"
    page.keyboard.press("Escape")
    bar.get_by_role("button", name="Remove").click()
    expect(page.locator("job-card")).to_have_count(n_found - 2)
    page.locator("toast-message").get_by_role("button", name="Undo").click()
    expect(page.locator("job-card")).to_have_count(n_found)
    page.locator("#list-menu summary").click()
    page.get_by_role("button", name="Select several").click()
    bar.get_by_role("checkbox").check()
    expect(bar).to_contain_text(f"Selected: {n_found}")
    bar.get_by_role("button", name="Done").click()
    expect(page.locator("job-card").first.get_by_role("checkbox")).to_be_hidden()


def test_text_is_replaced_in_one_transcript(library: AppPage) -> None:
    page = library.page
    library.card("Words.wav").open_editor()
    page.locator("#more summary").click()
    page.get_by_role("button", name="Find and replace").click()
    page.locator("#find").fill("not")
    expect(page.locator("#match-count")).to_have_text("1 of 5")  # also in notes and nothing
    page.locator("#whole-words").check()
    expect(page.locator("#match-count")).to_have_text("1 of 2")
    page.locator("#replacement").fill("never")
    page.locator("#replacement").press("Enter")
    lines = page.locator(".line-text")
    expect(lines.nth(5)).to_have_text("What she saw was that numbers need never only count.")
    expect(page.locator("#match-count")).to_have_text("1 of 1")
    page.get_by_role("button", name="Replace all").click()
    expect(lines.nth(7)).to_contain_text("is never what")
    page.locator("toast-message").get_by_role("button", name="Undo").click()
    expect(lines.nth(7)).to_have_text(TALK_LINES[7])


def test_text_is_replaced_in_all_transcripts(library: AppPage) -> None:
    page = library.page
    page.locator("#list-menu summary").click()
    page.get_by_role("button", name="Find and replace in all").click()
    page.get_by_label("Find", exact=True).fill("note 5")
    page.get_by_label("Replace with", exact=True).last.fill("memo five")
    page.get_by_role("button", name="Show places").click()
    status = page.locator("#replace-status")
    expect(status).to_have_text("Places: 1. Transcripts: 1.")  # not note 50: whole words
    page.get_by_label("Whole words").last.uncheck()
    page.get_by_role("button", name="Show places").click()
    expect(status).to_have_text("Places: 11. Transcripts: 11.")
    expect(page.locator("#replace-found li").first.locator("ins")).to_have_text("memo five")
    page.locator("#replace-found li", has_text="note 51.wav").get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Replace 10").dblclick()
    toast = page.locator("toast-message")
    expect(toast).to_contain_text("Replaced: 10. Transcripts: 10.")
    previews = page.locator("job-card .preview")
    search(page, "memo", 10)
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Undone")
    expect(page.locator("job-card")).to_have_count(0)
    search(page, "This is note 52", 1)
    expect(previews.first).to_have_text("This is note 52.")
