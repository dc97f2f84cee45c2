"""axe-core finds nothing on any view, in either theme and language; the keyboard is explained; phones fit."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
NARROW = {"viewport": {"width": 320, "height": 640}}
LOOKS = [{"locale": "en-US"}, {"locale": "es-ES", "color_scheme": "dark"}]


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))  # by the debugger: the page's policy lets no such script in
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((results) => results.violations)")
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("context_options", LOOKS)
def test_every_view_is_accessible(library: AppPage) -> None:
    page = library.page
    assert violations(page) == []
    page.locator("history-filter select").select_option("failed")
    expect(page.locator("job-card")).to_have_count(1)
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("history-filter select").select_option("")
    page.goto(page.locator("job-card", has_text="Ada.wav").locator("a.primary").first.get_attribute("href") or "")
    expect(page.locator("transcript-editor [data-segment]").first).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("e")
    page.locator(".line-text").first.click()
    assert violations(page) == []


@pytest.mark.parametrize("context_options", [NARROW, {**NARROW, "locale": "es-ES"}])
def test_every_view_fits_a_phone(library: AppPage) -> None:
    page = library.page
    fits = "document.documentElement.scrollWidth <= 320"
    assert page.evaluate(fits)
    page.goto(page.locator("job-card", has_text="Ada.wav").locator("a.primary").first.get_attribute("href") or "")
    expect(page.locator("transcript-editor [data-segment]").first).to_be_visible()
    page.keyboard.press("e")
    page.locator(".line-text").first.click()
    assert page.evaluate(fits)
