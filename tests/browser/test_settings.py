"""The page's theme, and the options that the chosen model offers."""

from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage


def test_the_theme_is_stored(app: AppPage, page: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_label("Appearance").select_option("dark")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark


def test_translation_is_hidden_for_models_without_it(app: AppPage, page: Page) -> None:
    expect(page.locator("#option-model")).to_have_value("demo")
    expect(page.locator("#option-task")).to_be_hidden()
    expect(page.locator("model-details")).to_contain_text("fifty everyday words")
    page.locator(".options summary").click()
    page.locator("#option-model").select_option("medium")
    expect(page.locator("#option-task")).to_be_visible()
    expect(page.get_by_role("button", name="Download medium")).to_be_visible()
