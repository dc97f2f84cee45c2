"""Lists of names and terms: saved, used for the next recordings, renamed and removed."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage


def test_a_list_is_saved_used_renamed_and_removed(app: AppPage, page: Page, clip: Path) -> None:
    page.locator(".options summary").click()
    page.get_by_role("button", name="Saved names and terms").click()
    dialog = page.get_by_role("dialog", name="Saved names and terms")
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
