"""Narrow screens, themes, keyboard, and the words of both languages."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.app_page import AppPage

NARROW = {"viewport": {"width": 320, "height": 640}}


@pytest.mark.parametrize("context_options", [NARROW, {**NARROW, "locale": "es-ES", "color_scheme": "dark"}])
def test_a_phone_needs_no_sideways_scrolling(app: AppPage, page: Page, clip: Path) -> None:
    app.choose({"name": "long-" * 40 + "name.opus", "mimeType": "audio/ogg", "buffer": clip.read_bytes()})
    page.locator("job-card[data-status=completed] [data-segment]").first.wait_for()
    page.locator(".options summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_theme_is_chosen_and_remembered(app: AppPage, page: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_label("Appearance").select_option("dark")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark


def reach(page: Page, target: Locator, key: str = "Tab") -> None:
    """As who has no mouse gets there."""
    for _ in range(80):
        page.keyboard.press(key)
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{target} is not reached by {key}")


def test_the_whole_job_by_keyboard(app: AppPage, page: Page, samples: list[dict[str, Any]]) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    reach(page, page.locator("[data-sample]").first)
    page.keyboard.press("Enter")
    card = page.locator("job-card[data-status=completed]")
    expect(card).to_have_count(1)
    reach(page, card.get_by_role("link", name="Read and listen"))
    page.keyboard.press("Enter")
    expect(page.locator("transcript-editor h2")).to_be_focused()
    reach(page, page.locator("transcript-editor button.time").first)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0")
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('video').paused")
    page.keyboard.press("e")
    said = page.locator(".line-text").first
    reach(page, said)
    page.keyboard.press("Control+End")
    page.keyboard.type(" Yes.")
    expect(page.locator(".save-state")).to_have_text("Corrected and saved")
    page.keyboard.press("Escape")  # out of the line
    reach(page, page.get_by_role("link", name="txt", exact=True), "Shift+Tab")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.path().read_text(encoding="utf-8").splitlines()[0].endswith(" Yes.")
    page.keyboard.press("Escape")  # out of correcting
    page.keyboard.press("Escape")  # back to all
    expect(card.locator(".toggle")).to_be_focused()
    reach(page, card.get_by_role("button", name="Remove"))
    page.keyboard.press("Enter")
    expect(card).to_have_count(0)
    expect(page.locator("#jobs")).to_be_focused()


def test_a_model_that_cannot_translate_is_not_asked_to(app: AppPage, page: Page) -> None:
    expect(page.locator("#option-model")).to_have_value("demo")
    expect(page.locator("#option-task")).to_be_hidden()
    expect(page.locator("model-details")).to_contain_text("fifty everyday words")
    page.locator("#option-model").select_option("medium")
    expect(page.locator("#option-task")).to_be_visible()
    expect(page.get_by_role("button", name="Download medium")).to_be_visible()
