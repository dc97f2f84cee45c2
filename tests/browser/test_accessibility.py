"""axe-core on every view, phone widths, and a whole job with the keyboard alone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.app_page import AppPage

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
NARROW = {"viewport": {"width": 320, "height": 640}}
LAYOUT_SHIFT = """() => new Promise((resolve) => {
  let total = 0;
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (total += value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(total), 100);
})"""
APPEARANCES = [{"locale": "en-US"}, {"locale": "es-ES", "color_scheme": "dark"}]


def axe_violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))  # evaluate() is exempt from the page's CSP
    violations: list[dict[str, Any]] = page.evaluate("axe.run().then((results) => results.violations)")
    return [f"{rule['id']}: {node['html'][:120]}" for rule in violations for node in rule["nodes"]]


@pytest.mark.parametrize("context_options", APPEARANCES)
def test_axe_finds_no_violations(library: AppPage) -> None:
    page = library.page
    assert axe_violations(page) == []
    page.locator("history-filter select").select_option("failed")
    expect(page.locator("job-card")).to_have_count(1)
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".brand").click()
    page.keyboard.press("?")
    expect(page.locator("help-dialog dialog")).to_be_visible()
    space = "Espacio" if page.locator("html:lang(es)").count() else "Space"
    expect(page.locator("help-dialog kbd").first).to_have_text(space)
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".options summary").click()
    page.locator("[data-command=term-lists]").click()
    expect(page.locator("term-lists dialog")).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    page.locator("history-filter select").select_option("")
    page.goto(page.locator("job-card", has_text="Ada.wav").locator("a.name").get_attribute("href") or "")
    expect(page.locator("transcript-editor [data-segment]").first).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("e")
    page.locator(".line-text").first.click()
    page.locator("#export").click()
    expect(page.locator("#export-preview")).not_to_be_empty()
    assert axe_violations(page) == []


@pytest.mark.parametrize("context_options", [NARROW, {**NARROW, "locale": "es-ES"}])
def test_every_view_fits_a_phone(library: AppPage) -> None:
    page = library.page
    page.reload()  # a browser's first visit doesn't know that there are transcripts
    page.locator("job-card").first.wait_for()
    assert page.evaluate(LAYOUT_SHIFT) < 0.1  # while it loaded; more is felt as jumping
    fits = "document.documentElement.scrollWidth <= 320"
    assert page.evaluate(fits)
    page.goto(page.locator("job-card", has_text="Joined.wav").locator("a.name").get_attribute("href") or "")
    expect(page.locator("transcript-editor .speakers li").first).to_be_visible()
    page.keyboard.press("e")
    page.locator(".line-text").first.click()
    assert page.evaluate(fits)
    page.locator(".show-find").click()
    expect(page.locator("#find")).to_be_visible()
    assert page.evaluate(fits)
    assert axe_violations(page) == []


@pytest.mark.parametrize("context_options", [NARROW, {**NARROW, "locale": "es-ES", "color_scheme": "dark"}])
def test_long_file_names_fit_a_phone(app: AppPage, page: Page, clip: Path) -> None:
    app.choose_files({"name": "long-" * 40 + "name.opus", "mimeType": "audio/ogg", "buffer": clip.read_bytes()})
    page.locator("job-card[data-status=completed]").first.wait_for()
    page.locator(".options summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    for _ in range(80):
        page.keyboard.press(key)
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{key} does not reach {target}")


def test_a_whole_job_with_the_keyboard(app: AppPage, page: Page, samples: list[dict[str, Any]]) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    tab_to(page, page.locator("sample-list summary"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("[data-sample]").first)
    page.keyboard.press("Enter")
    card = page.locator("job-card[data-status=completed]")
    expect(card).to_have_count(1)
    tab_to(page, card.locator("a.name"))
    page.keyboard.press("Enter")
    expect(page.locator("transcript-editor h1")).to_be_focused()
    tab_to(page, page.locator("transcript-editor button.time").first)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0")
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('video').paused")
    page.keyboard.press("e")
    tab_to(page, page.locator(".line-text").first)
    page.keyboard.press("Control+End")
    page.keyboard.type(" Yes.")
    expect(page.locator(".save-state")).to_have_text("Corrections saved")
    tab_to(page, page.locator("#export"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="Text", exact=True)).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Save file"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.path().read_text(encoding="utf-8").splitlines()[0].endswith(" Yes.")
    page.keyboard.press("Escape")  # closes the dialog
    page.keyboard.press("Control+Enter")  # leaves the correcting mode
    page.keyboard.press("Escape")  # leaves the editor
    expect(card.locator("a.name")).to_be_focused()
    tab_to(page, card.locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, card.get_by_role("button", name="Remove"))
    page.keyboard.press("Enter")
    expect(card).to_have_count(0)
    expect(page.locator("#jobs")).to_be_focused()
