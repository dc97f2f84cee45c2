"""The times of lines: typed, dragged in the enlarged waveform, and of an inserted line."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage
from tests.browser.seed_data import TALK_LINES


def times(page: Page) -> list[str]:
    """Start and end of each line, as shown."""
    shown: list[str] = page.locator("button.time").evaluate_all("buttons => buttons.map((button) => button.title)")
    return shown


def test_times_are_typed_dragged_and_lines_inserted(library: AppPage) -> None:
    page = library.page
    library.card("Edges.wav").open_editor()
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    page.keyboard.press("e")
    page.locator(".line-text").nth(1).click()
    assert times(page)[:3] == ["0:00.0 – 0:03.0", "0:03.0 – 0:06.0", "0:06.0 – 0:09.0"]
    start, end = page.get_by_label("Start", exact=True), page.get_by_label("End", exact=True)
    expect(start).to_have_value("0:03.0")
    start.fill("3,4")
    start.press("Enter")
    expect(start).to_have_value("0:03.4")
    end.fill("soon")
    end.press("Enter")
    expect(page.locator("toast-message")).to_contain_text("1:02.5")
    expect(end).to_have_value("0:06.0")
    assert times(page)[:2] == ["0:00.0 – 0:03.0", "0:03.4 – 0:06.0"]

    area: Any = page.locator(".timeline-area").bounding_box()
    y, second_px = area["y"] + 40, area["width"] / 15
    page.mouse.move(area["x"] + 6 * second_px, y)
    expect(page.locator(".timeline-area")).to_have_attribute("data-grab", "true")
    page.mouse.down()
    page.mouse.move(area["x"] + 7 * second_px, y, steps=3)
    page.mouse.up()
    assert times(page)[1:3] == ["0:03.4 – 0:07.0", "0:07.0 – 0:09.0"]  # both lines of the border
    page.mouse.click(area["x"] + 10 * second_px, y)
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 10) < 0.1")
    page.get_by_role("button", name="Show less, larger").click()
    expect(page.locator(".timeline-scale")).to_contain_text("0:12.6")

    page.get_by_role("button", name="Insert line").click()
    lines = page.locator(".line-text")
    expect(lines.nth(2)).to_be_focused()
    page.keyboard.type("(Applause)")
    expect(page.locator(".save-state")).to_have_text("Corrections saved")
    assert times(page)[1:4] == ["0:03.4 – 0:06.0", "0:06.0 – 0:07.0", "0:07.0 – 0:09.0"]
    page.get_by_role("button", name="Insert line").click()
    page.get_by_label("Start", exact=True).click()  # the empty line stays while its times are set
    expect(lines).to_have_count(len(TALK_LINES) + 2)
    lines.first.click()
    expect(lines).to_have_count(len(TALK_LINES) + 1)
    page.reload()
    expect(lines.nth(2)).to_have_text("(Applause)")
