"""Folders watched from the page: added with the settings chosen there, listed, and ended."""

import re
import shutil
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.app_page import AppPage, wait_until
from tests.browser.test_accessibility import axe_violations


def test_a_folder_is_watched_until_it_is_ended(app: AppPage, page: Page, clip: Path, tmp_path: Path) -> None:
    app.allowed_errors = [*app.allowed_errors, re.compile("400")]  # a folder that is refused
    folder = tmp_path / "recordings"
    folder.mkdir()
    page.locator(".options summary").click()
    page.get_by_label("Accuracy and speed").select_option("fast")
    page.locator("options-form").get_by_role("button", name="Watched folders").click()
    dialog = page.get_by_role("dialog", name="Watched folders")
    dialog.get_by_label("Folder", exact=True).fill("relative")
    dialog.get_by_role("button", name="Watch this folder").click()
    expect(dialog.get_by_role("alert")).to_contain_text("full path")
    dialog.get_by_label("Folder", exact=True).fill(f"{tmp_path}/")
    expect(dialog.locator("datalist option")).to_have_count(1)
    expect(dialog.locator("datalist option")).to_have_attribute("value", str(folder))
    dialog.get_by_label("Folder", exact=True).fill(str(folder))
    dialog.get_by_label("txt").check()
    assert axe_violations(page) == []
    dialog.get_by_role("button", name="Watch this folder").click()
    expect(dialog.get_by_role("listitem")).to_contain_text("srt, txt · beside each recording")
    expect(dialog.get_by_label("Folder", exact=True)).to_have_value("")
    shutil.copyfile(clip, folder / "new.opus")
    wait_until(page, (folder / "new.txt").exists)
    assert (folder / "new.srt").exists()
    card = app.card("new.opus")
    card.expect_status("completed")
    assert app.job(card.job_id)["options"]["quality"] == "fast"
    dialog.get_by_role("button", name="Stop watching").click()
    expect(dialog.get_by_role("listitem")).to_have_count(0)


def test_what_is_typed_while_a_folder_is_added_stays(app: AppPage, page: Page, tmp_path: Path) -> None:
    page.locator(".options summary").click()
    page.locator("options-form").get_by_role("button", name="Watched folders").click()
    dialog = page.get_by_role("dialog", name="Watched folders")
    folder = dialog.get_by_label("Folder", exact=True)
    folder.fill(str(tmp_path))
    waiting: list[Route] = []
    page.route("**/watched-folders", lambda route: waiting.append(route), times=1)
    dialog.get_by_role("button", name="Watch this folder").click()
    wait_until(page, lambda: waiting)
    folder.fill("/next")
    waiting[0].continue_()
    expect(dialog.get_by_role("listitem")).to_contain_text(str(tmp_path))
    expect(folder).to_have_value("/next")
    dialog.get_by_role("button", name="Stop watching").click()
    expect(dialog.get_by_role("listitem")).to_have_count(0)
