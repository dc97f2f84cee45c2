"""Narrow screens, themes, keyboard, and the words of both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk

NARROW = {"viewport": {"width": 320, "height": 640}}


@pytest.mark.parametrize("context_options", [NARROW, {**NARROW, "locale": "es-ES", "color_scheme": "dark"}])
def test_a_phone_needs_no_sideways_scrolling(desk: Desk, page: Page, clip: Path) -> None:
    desk.choose({"name": "long-" * 40 + "name.opus", "mimeType": "audio/ogg", "buffer": clip.read_bytes()})
    page.locator("job-card[data-status=completed] [data-segment]").first.wait_for()
    page.locator(".options summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_theme_is_chosen_and_remembered(desk: Desk, page: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_label("Appearance").select_option("dark")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark


def test_the_keyboard_does_it_too(desk: Desk, page: Page, clip: Path) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator("[data-sample]").first.focus()
    page.keyboard.press("Enter")
    card = page.locator("job-card[data-status=completed]")
    card.get_by_role("button", name="Remove").focus()
    page.keyboard.press("Enter")
    expect(card).to_have_count(0)
    expect(page.locator("#jobs")).to_be_focused()


def test_a_model_that_cannot_translate_is_not_asked_to(desk: Desk, page: Page) -> None:
    expect(page.locator("#model")).to_have_value("demo")
    expect(page.locator("#task")).to_be_hidden()
    expect(page.locator("model-note")).to_contain_text("fifty everyday words")
    page.locator("#model").select_option("medium")
    expect(page.locator("#task")).to_be_visible()
    expect(page.get_by_role("button", name="Download medium")).to_be_visible()


def test_both_languages_have_the_same_words_and_parameters(desk: Desk, page: Page) -> None:
    en, es = page.evaluate(
        """async () => {
          const base = new URL("js/i18n/", document.baseURI).href;
          const { en } = await import(`${base}en.js`);
          const { es } = await import(`${base}es.js`);
          const parameters = ([key, text]) => [key, (text.match(/\\{\\w+\\}/g) ?? []).sort()];
          return [en, es].map((table) => Object.fromEntries(Object.entries(table).map(parameters)));
        }"""
    )
    assert en == es
