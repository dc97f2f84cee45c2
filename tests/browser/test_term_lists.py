"""Lists of names and terms: saved, used for the next recordings, renamed and removed."""

from pathlib import Path

from playwright.sync_api import Locator, Page, Route, expect

from localwhisper import paths
from tests.browser.app_page import AppPage, wait_until
from tests.browser.test_accessibility import axe_violations
from tests.process.server import Server


def open_dialog(page: Page) -> Locator:
    page.locator(".options summary").click()
    page.get_by_role("button", name="Saved names and terms").click()
    return page.get_by_role("dialog", name="Saved names and terms")


def test_a_list_is_saved_used_renamed_and_removed(app: AppPage, page: Page, clip: Path) -> None:
    dialog = open_dialog(page)
    expect(dialog.get_by_role("button", name="Remove")).to_be_hidden()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()  # it needs a name
    dialog.get_by_label("Name", exact=True).fill("Talks")
    dialog.get_by_label("Names and terms", exact=True).fill("Ada Lovelace\nnumber => No.")
    dialog.get_by_role("button", name="Use for the next recordings").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#option-terms")).to_have_value("@Talks")
    app.choose_files(clip)
    card = app.card(clip.name)
    card.expect_status("completed")
    assert app.job(card.job_id)["options"]["terms"] == "# Talks\nAda Lovelace\nnumber => No."

    page.reload()
    page.locator(".options summary").click()
    expect(page.locator("#option-terms")).to_have_value("@Talks")
    page.get_by_role("button", name="Saved names and terms").click()
    dialog.get_by_label("List", exact=True).select_option("Talks")
    expect(dialog.get_by_label("Names and terms", exact=True)).to_have_value("Ada Lovelace\nnumber => No.")
    dialog.get_by_label("Name", exact=True).fill("Lectures")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("List", exact=True)).to_have_value("Lectures")
    expect(dialog.get_by_label("List", exact=True).locator("option")).to_have_text(["New list", "Lectures"])
    dialog.get_by_role("button", name="Remove").click()
    expect(dialog.get_by_label("List", exact=True).locator("option")).to_have_text(["New list"])


def test_terms_are_replaced_in_finished_transcripts(library: AppPage) -> None:
    page = library.page
    page.locator(".options summary").click()
    page.get_by_role("button", name="Saved names and terms").click()
    lists = page.get_by_role("dialog", name="Saved names and terms")
    lists.get_by_label("Names and terms", exact=True).fill("Ada Lovelace")
    lists.get_by_role("button", name="Replace in finished transcripts").click()
    dialog = page.get_by_role("dialog", name="Names and terms in finished transcripts")
    expect(dialog.get_by_role("status")).to_contain_text("No line of this list replaces anything")
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Saved names and terms").click()
    lists.get_by_label("Names and terms", exact=True).fill("# numbers\nnote 14 | note 15 => page fourteen\nsilken => x")
    lists.get_by_role("button", name="Replace in finished transcripts").click()
    expect(dialog.get_by_role("status")).to_have_text("Places: 2. Transcripts: 2.")
    expect(dialog.get_by_label("Find")).to_be_hidden()
    first = dialog.locator("li").first
    expect(first.locator("del")).to_have_text("note 14.")
    expect(first.locator("ins")).to_have_text("page fourteen.")
    assert axe_violations(page) == []
    dialog.locator("li", has_text="note 15.wav").get_by_role("checkbox").uncheck()
    dialog.get_by_role("button", name="Replace 1").click()
    toast = page.locator("toast-message")
    expect(toast).to_contain_text("Replaced: 1. Transcripts: 1.")
    card = library.card("note 14.wav")
    assert library.job(card.job_id)["result"]["text"].strip() == "This is page fourteen."
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Undone")
    assert library.job(card.job_id)["result"]["text"].strip() == "This is note 14."


def test_lists_that_could_not_be_read_are_said(library: AppPage, library_server: Server) -> None:
    page, file = library.page, paths.term_lists(library_server.data_dir)
    file.write_text('{"Talks": "Ada", "Lectures": 5}')
    dialog = open_dialog(page)
    expect(dialog.get_by_role("alert")).to_contain_text("The damaged file was kept as")
    expect(dialog.get_by_label("List", exact=True).locator("option")).to_have_text(["New list", "Talks"])
    for path in file.parent.glob("term-lists*"):
        path.unlink()


def test_what_is_typed_while_a_list_is_saved_stays(app: AppPage, page: Page) -> None:
    dialog = open_dialog(page)
    dialog.get_by_label("Name", exact=True).fill("Late")
    terms = dialog.get_by_label("Names and terms", exact=True)
    terms.fill("Ada")
    waiting: list[Route] = []
    page.route("**/term-lists/*", lambda route: waiting.append(route))
    dialog.get_by_role("button", name="Save").click()
    wait_until(page, lambda: waiting)
    terms.fill("Ada Lovelace")
    waiting[0].continue_()
    expect(dialog.get_by_label("List", exact=True)).to_have_value("Late")
    expect(dialog.get_by_role("button", name="Remove")).to_be_visible()
    expect(terms).to_have_value("Ada Lovelace")
    page.unroute("**/term-lists/*")
    dialog.get_by_role("button", name="Remove").click()
    expect(terms).to_have_value("")


def test_only_the_renamed_list_is_removed_though_another_is_chosen(app: AppPage, page: Page) -> None:
    for name in ("Talks", "Lectures"):
        page.request.put(f"/term-lists/{name}", data={"terms": name})
    dialog = open_dialog(page)
    chosen = dialog.get_by_label("List", exact=True)
    chosen.select_option("Talks")
    dialog.get_by_label("Name", exact=True).fill("Speeches")
    waiting: list[Route] = []
    page.route("**/term-lists/Speeches", lambda route: waiting.append(route))
    dialog.get_by_role("button", name="Save").click()
    wait_until(page, lambda: waiting)
    chosen.select_option("Lectures")
    waiting[0].continue_()
    expect(chosen.locator("option")).to_have_text(["New list", "Lectures", "Speeches"])
    expect(chosen).to_have_value("Lectures")
    expect(dialog.get_by_label("Name", exact=True)).to_have_value("Lectures")
    for name in ("Lectures", "Speeches"):
        page.request.delete(f"/term-lists/{name}")


def test_the_dialog_opens_once_the_lists_are_there(app: AppPage, page: Page) -> None:
    """Their coming would clear what has been typed."""
    waiting: list[Route] = []
    page.route("**/term-lists", lambda route: waiting.append(route))
    page.locator(".options summary").click()
    page.get_by_role("button", name="Saved names and terms").click()
    wait_until(page, lambda: waiting)
    dialog = page.get_by_role("dialog", name="Saved names and terms")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Saved names and terms").click()
    waiting.pop(0).continue_()
    expect(dialog.get_by_label("Name", exact=True)).to_be_visible()
    assert waiting == []  # of the second click
