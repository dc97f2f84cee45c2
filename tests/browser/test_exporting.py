"""The export dialog, paragraphs, and what can be done with a selection."""

import re

from playwright.sync_api import Page, expect

from tests.browser.app_page import HIGHLIGHTED, AppPage
from tests.browser.seed_data import TALK_LINES

SELECT = """([first, from, last, to]) => {
  const texts = [...document.querySelectorAll(".line-text")];
  getSelection().setBaseAndExtent(texts[first].firstChild, from, texts[last].firstChild, to);
}"""


def open_export(app: AppPage, filename: str) -> Page:
    app.card(filename).open_editor()
    app.page.locator("#export").click()
    return app.page


def choose(page: Page, format_name: str) -> None:
    page.locator(f"#export-dialog .chip:has([value={format_name}])").click()


def test_a_format_is_previewed_and_remembered_with_its_layout(library: AppPage) -> None:
    page = open_export(library, "Ada.wav")
    preview = page.locator("#export-preview")
    expect(preview).to_contain_text(f"{TALK_LINES[0]}\n{TALK_LINES[1]}")
    page.get_by_label("In paragraphs").check()
    expect(preview).to_contain_text(f"{TALK_LINES[0]} {TALK_LINES[1]}")
    choose(page, "docx")
    expect(preview).to_contain_text(f"00:00  {TALK_LINES[0]} {TALK_LINES[1]}")
    expect(page.locator("#export-copy")).to_be_hidden()
    choose(page, "srt")
    expect(page.get_by_label("In paragraphs")).to_be_hidden()
    expect(preview).to_contain_text("00:00:03,000 --> 00:00:06,000")
    page.get_by_label("Layout").select_option("standard")
    page.get_by_label("Characters per line").fill("12")
    expect(preview).to_contain_text("I want\nto talk")
    problems = page.locator("#export-problems")
    expect(problems.locator("summary")).to_contain_text(re.compile(r"Hard to read: \d+ of \d+ subtitles"))
    problems.locator("summary").click()
    expect(problems.locator("li").first).to_contain_text("characters per second")
    href = page.locator("#export-save").get_attribute("href")
    assert href is not None
    assert href.endswith("transcript.srt?max_line_width=12&subtitles=standard")
    problems.locator("li button").last.click()
    expect(page.locator("#export-dialog")).to_be_hidden()
    assert page.evaluate("document.querySelector('video').currentTime") > 3

    page.reload()
    page.locator("#export").click()
    expect(page.get_by_role("radio", name="SRT")).to_be_checked()
    expect(preview).to_contain_text("I want\nto talk")
    page.get_by_label("Characters per line").fill("")
    page.get_by_label("Layout").select_option("word")
    expect(problems.locator("summary")).to_contain_text("No subtitle is hard")


IS_ABOVE = """selectors => {
  const [above, below] = selectors.map((selector) => document.querySelector(selector).getBoundingClientRect());
  return above.bottom <= below.top;
}"""


def test_reading_in_paragraphs(library: AppPage) -> None:
    page = library.page
    library.card("Ada.wav").open_editor()
    page.locator("#more summary").click()
    page.get_by_role("button", name="Read in paragraphs").click()
    times = page.locator("button.time:visible")
    expect(times).to_have_count(1)
    first, second = (page.locator(".line-text").nth(number) for number in (0, 1))
    tops = [line.evaluate("line => line.getClientRects()[0].top") for line in (first, second)]
    assert tops[0] == tops[1]  # the second line begins where the first ends
    page.reload()
    expect(times).to_have_count(1)
    page.keyboard.press("e")  # lines are corrected one by one
    expect(times).to_have_count(len(TALK_LINES))
    page.keyboard.press("Control+Enter")
    page.keyboard.press("p")
    expect(times).to_have_count(len(TALK_LINES))


def test_a_selection_is_quoted_noted_and_saved_as_sound(library: AppPage) -> None:
    page = library.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    library.card("Ada.wav").open_editor()
    bar = page.locator(".selection-bar")
    page.keyboard.press("q")  # without a selection: the line that is played
    toast = page.locator("toast-message")
    expect(toast).to_contain_text("The quotation was copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "“Thank you all for coming this evening.” (Ada, 0:00–0:03)"
    toast.get_by_role("button").click()
    page.evaluate(SELECT, [0, 11, 1, 4])  # begins and ends within words
    expect(bar).to_be_in_viewport()
    bar.get_by_role("button", name="Copy quotation").click()
    expect(toast).to_contain_text("The quotation was copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "“all for coming this evening. I want” (Ada, 0:00–0:03)"
    bar.locator("summary").click()
    with page.expect_download() as download:
        bar.get_by_role("link", name="wav", exact=True).click()
    assert download.value.path().read_bytes()[:4] == b"RIFF"
    page.set_viewport_size({"width": 390, "height": 600})
    page.evaluate(SELECT, [1, 25, 1, 32])
    page.keyboard.press("n")
    expect(bar).to_be_hidden()
    note = page.locator(".note textarea")
    expect(note).to_be_focused()
    expect(note).to_be_in_viewport(ratio=1)
    expect(page.locator(".line").nth(1)).to_be_in_viewport()
    with page.expect_response(lambda response: "Babbage" in (response.request.post_data or "")):
        note.fill("Babbage's.")
    page.locator("#copy-notes").dispatch_event("click")  # so that the note keeps the focus
    expect(toast).to_contain_text("Copied")
    assert page.evaluate(IS_ABOVE, [".toast", ".note"])
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "Ada.wav\n\n[0:04–0:05] “machine”\nBabbage's."
    note.press("Escape")
    expect(note).not_to_be_focused()
    expect(note).not_to_be_in_viewport()  # beneath the text
    page.locator(".line").nth(1).click()
    page.keyboard.press("n")
    page.locator("#more summary").click()
    page.locator("#show-notes").click()
    expect(page.locator("[data-is-new]")).to_have_count(0)
    page.get_by_role("button", name="Remove this note").first.click()
    page.reload()
    expect(note).to_have_value("Babbage's.")
    expect(note).not_to_be_in_viewport()  # beneath the text
    page.locator("#more summary").click()
    page.locator("#show-notes").click()
    expect(note).to_be_in_viewport(ratio=1)
    expect(page.locator(".note blockquote")).to_have_text("machine")
    page.wait_for_function(f"() => ({HIGHLIGHTED})('note').join() === 'machine'")
    page.locator(".note .time").click()
    page.wait_for_function("() => document.querySelector('video').currentTime > 4")
    page.get_by_role("button", name="Remove this note").click()
    expect(page.locator(".notes")).to_be_hidden()
