"""The desk: the view follows playback, keys work while typing, and the text has most of the screen."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage
from tests.browser.seed_data import TALK_LINES

LOW = {"viewport": {"width": 700, "height": 300}}
# The part of a line that is visible between the two bars.
VISIBLE = """(line) => {
  const { top, bottom } = line.getBoundingClientRect();
  const min = document.querySelector(".desk-bar").getBoundingClientRect().bottom;
  const max = document.querySelector(".desk-footer").getBoundingClientRect().top;
  return (Math.min(bottom, max) - Math.max(top, min)) / (bottom - top);
}"""
# the browser scrolls smoothly
SCROLLING_ENDS = """() => new Promise((resolve) => {
  let position = scrollY, frames = 0;
  const look = () => {
    frames = scrollY === position ? frames + 1 : 0;
    position = scrollY;
    if (frames > 20) resolve();
    else requestAnimationFrame(look);
  };
  look();
})"""
IS_PAUSED = "document.querySelector('video').paused"


@pytest.fixture
def desk(library: AppPage) -> Page:
    library.card("Ada.wav").open_editor()
    library.page.wait_for_function("() => document.querySelector('video').readyState > 0")
    return library.page


def play_position(page: Page) -> float:
    position: float = page.evaluate("document.querySelector('video').currentTime")
    return position


def move_playback(page: Page, time_s: float) -> None:
    """As if playback had gone on until then."""
    page.evaluate("(time) => { document.querySelector('video').currentTime = time }", time_s)
    expect(page.locator(".line[aria-current]")).to_contain_text(TALK_LINES[int(time_s / 3)])


def expect_current_line_in_view(page: Page) -> None:
    page.wait_for_function(f"() => ({VISIBLE})(document.querySelector('.line[aria-current]')) > 0.9")


@pytest.mark.parametrize("context_options", [LOW])
def test_the_view_follows_playback(desk: Page) -> None:
    back = desk.get_by_role("button", name="Back to playback")
    box: Any = desk.get_by_role("slider").bounding_box()
    desk.mouse.click(box["x"] + box["width"] * 0.95, box["y"] + 9)  # while paused
    expect(desk.locator(".line[aria-current]")).to_contain_text(TALK_LINES[9])
    expect_current_line_in_view(desk)
    desk.mouse.move(300, 150)
    desk.mouse.wheel(0, -2000)
    expect(back).to_be_visible()
    desk.wait_for_function("() => scrollY === 0")
    move_playback(desk, 22)
    assert desk.evaluate("scrollY") == 0  # the reader has scrolled away
    back.click()
    expect(back).to_be_hidden()
    expect_current_line_in_view(desk)
    move_playback(desk, 28)
    expect_current_line_in_view(desk)  # follows again
    desk.locator(".desk-title").click()
    desk.keyboard.press("PageUp")
    desk.keyboard.press("PageUp")
    expect(back).to_be_visible()
    desk.evaluate(SCROLLING_ENDS)
    desk.keyboard.press("j")  # any seek follows again
    expect(back).to_be_hidden()
    expect_current_line_in_view(desk)

    desk.keyboard.press("e")
    desk.locator(".line-text").nth(7).click()
    move_playback(desk, 1)
    expect(desk.locator(".line-text").nth(7)).to_be_in_viewport()  # with the caret
    back.click()
    expect(desk.locator(".line-text").first).to_be_focused()
    expect_current_line_in_view(desk)


def test_keys_in_quick_succession_do_not_stop_playback(desk: Page) -> None:
    """Chromium never ends a seek during which it is told of another."""
    desk.evaluate(
        """() => {
          const time = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
          globalThis.whileSeeking = [];
          Object.defineProperty(document.querySelector("video"), "currentTime", {
            get: time.get,
            set(value) { whileSeeking.push(this.seeking); time.set.call(this, value); },
          });
          for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowRight"])
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }"""
    )
    expect(desk.locator(".clock :first-child")).to_have_text("0:10")
    desk.wait_for_function("() => document.querySelector('video').currentTime === 10")
    assert desk.evaluate("whileSeeking") == [False, False]


def test_a_little_is_heard_again_however_soon_playback_goes_on(desk: Page) -> None:
    desk.keyboard.press("ArrowRight")
    desk.wait_for_function("() => document.querySelector('video').currentTime === 5")
    desk.evaluate(
        """() => {
          for (const what of ["play", "pause", "play"])
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "k", bubbles: true }));
        }"""
    )
    desk.wait_for_function("() => document.querySelector('video').currentTime < 5")
    assert not desk.evaluate(IS_PAUSED)


def test_keys_work_while_typing_and_can_be_changed(desk: Page) -> None:
    lines = desk.locator(".line-text")
    desk.keyboard.press("e")
    lines.nth(1).click()
    desk.keyboard.press("End")
    desk.keyboard.press("ArrowDown")
    expect(lines.nth(2)).to_be_focused()
    desk.keyboard.press("ArrowUp")
    desk.keyboard.press("ArrowUp")
    expect(lines.first).to_be_focused()
    for key, position in (("F2", 5), ("Control+ArrowRight", 10), ("F1", 5)):
        desk.keyboard.press(key)
        desk.wait_for_function("(time) => document.querySelector('video').currentTime === time", arg=position)
    desk.keyboard.press("F4")
    assert desk.evaluate("document.querySelector('video').playbackRate") == 1.25
    desk.keyboard.press("F3")
    desk.keyboard.press("Control+Space")
    desk.wait_for_function("() => document.querySelector('video').currentTime > 5.3")
    desk.keyboard.press("Escape")
    desk.wait_for_function(f"() => {IS_PAUSED}")
    paused_at = play_position(desk)
    desk.evaluate(
        "() => document.querySelector('video')"
        ".addEventListener('seeked', ({ target }) => { globalThis.sought = target.currentTime }, { once: true })"
    )
    desk.keyboard.press("Control+Space")
    desk.wait_for_function("() => globalThis.sought !== undefined")
    assert desk.evaluate("sought") == pytest.approx(paused_at - 1, abs=0.3)  # a little is heard again
    desk.keyboard.press("Escape")
    expect(lines.first).to_have_text(TALK_LINES[0])  # nothing was typed
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("button", name="Correct")).to_have_attribute("aria-pressed", "false")

    desk.keyboard.press("?")
    desk.get_by_role("button", name="Play or pause: Space").click()
    desk.keyboard.press("F9")  # of a foot pedal
    expect(desk.get_by_role("button", name="Play or pause: F9")).to_be_focused()
    desk.keyboard.press("Escape")
    desk.reload()
    desk.locator("transcript-editor [data-segment]").first.wait_for()
    desk.keyboard.press("e")
    lines.first.click()
    desk.keyboard.press("F9")
    desk.wait_for_function(f"() => !{IS_PAUSED}")


SIZES = [(320, 640, 0.75), (390, 844, 0.75), (1280, 800, 0.75)]


def test_the_text_has_most_of_the_screen(library: AppPage) -> None:
    page = library.page
    for name in ("Ada.wav", "video.webm"):
        page.set_viewport_size({"width": 1280, "height": 800})
        library.card(name).open_editor()
        page.wait_for_function("() => document.querySelector('video').readyState > 0")
        for width, height, share in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            bar, footer = (page.locator(part).bounding_box() for part in (".desk-bar", ".desk-footer"))
            assert bar is not None
            assert footer is not None
            assert footer["y"] - (bar["y"] + bar["height"]) > share * height, (name, width)
            assert page.locator(".editor-lines .line").nth(1).evaluate(VISIBLE) == 1
            expect(page.get_by_role("link", name="All transcripts")).to_be_in_viewport()
        page.get_by_role("link", name="All transcripts").click()


def test_a_long_transcript_is_laid_out_in_blocks(library: AppPage) -> None:
    """The browser watches some blocks instead of each line, and lays out only those near the view."""
    page = library.page
    job = page.request.get("/jobs?q=Lecture").json()["jobs"][0]
    page.goto(f"#/job/{job['job_id']}")
    lines, texts = page.locator("[data-segment]"), page.locator(".line-text")
    expect(lines).to_have_count(200)
    watched = "lines => lines.filter((line) => getComputedStyle(line).contentVisibility === 'auto').length"
    assert 1 < page.locator(".editor-lines *").evaluate_all(watched) < 20
    laid_out = "lines => lines.filter((line) => line.checkVisibility({ contentVisibilityAuto: true })).length"
    assert 0 < lines.evaluate_all(laid_out) < 200

    # lines that are added or removed at the edge of a block stay in order
    first = page.locator(".editor-lines .block").nth(1).locator(".line-text").first
    at = texts.evaluate_all("(lines, first) => lines.indexOf(first)", first.element_handle())
    before = texts.all_text_contents()
    page.keyboard.press("e")
    first.click()
    page.keyboard.press("Home")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(lines).to_have_count(201)
    expect(texts.nth(at + 1)).to_be_focused()
    page.keyboard.press("Control+Enter")  # ends correcting
    page.keyboard.press("p")
    after = texts.all_text_contents()
    assert [after[at], after[at + 1]] == [before[at][:8].strip(), before[at][8:].strip()]
    assert after[:at] + after[at + 2 :] == before[:at] + before[at + 1 :]
    begins = "blocks => blocks.map((block) => block.firstElementChild.hasAttribute('data-begins'))"
    assert all(page.locator(".editor-lines .block").evaluate_all(begins))
