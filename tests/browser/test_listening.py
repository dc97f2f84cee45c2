"""The editor without corrections: playback, highlighted words, search, copying."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.app_page import HIGHLIGHTED, AppPage, wait_until
from tests.browser.seed_data import HOSTILE_TEXT, TALK_LINES
from tests.browser.test_accessibility import axe_violations

MEDIA = "() => document.querySelector('video')"


def open_editor(app: AppPage, filename: str) -> Page:
    app.card(filename).open_editor()
    return app.page


def play_slowly(page: Page) -> None:
    """So that a busy machine can stop in time."""
    page.wait_for_function(
        "() => { const media = document.querySelector('video'); media.playbackRate = 0.2; return media.readyState > 1 }"
    )


def highlighted(page: Page, name: str) -> list[str]:
    texts: list[str] = page.evaluate(HIGHLIGHTED, name)
    return texts


def test_a_click_on_a_word_plays_from_there(library: AppPage) -> None:
    page = open_editor(library, "Ada.wav")
    line = page.locator(".line-text").nth(1)
    box = line.evaluate(
        """(line) => { const range = document.createRange(); const at = line.textContent.indexOf("machine");
          range.setStart(line.firstChild, at); range.setEnd(line.firstChild, at + 7);
          const { x, y, width, height } = range.getBoundingClientRect(); return [x + width / 2, y + height / 2]; }"""
    )
    play_slowly(page)
    page.mouse.click(*box)
    page.wait_for_function("() => document.querySelector('video').currentTime >= 4.3")
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('video').paused")
    assert page.evaluate("document.querySelector('video').currentTime") < 6.5
    expect(page.locator(".line[aria-current]")).to_contain_text("the machine that Ada described")
    assert len(highlighted(page, "word")) == 1


def test_shortcuts_play_skip_and_change_the_speed(library: AppPage) -> None:
    page = open_editor(library, "Ada.wav")
    media = page.locator("video")
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    page.keyboard.press("l")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("j")
    assert media.evaluate("media => media.currentTime") == pytest.approx(5, abs=0.1)
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "0:05 of 0:30")
    page.keyboard.press(">")
    assert media.evaluate("media => media.playbackRate") == 1.25
    page.keyboard.press("Space")
    page.wait_for_function("() => !document.querySelector('video').paused")


def test_the_waveform_is_drawn_and_seeks(library: AppPage) -> None:
    page = open_editor(library, "Ada.wav")
    page.wait_for_function("() => document.querySelector('video').readyState > 0")
    wave = page.get_by_role("slider")
    box: Any = wave.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert page.locator("video").evaluate("media => media.currentTime") == pytest.approx(15, abs=0.5)
    heights = """(canvas) => { const context = canvas.getContext("2d"); const heights = new Set();
      for (let x = 1; x < canvas.width; x += 40) { const { data } = context.getImageData(x, 0, 1, canvas.height);
        heights.add(data.filter((value, at) => at % 4 === 3 && value > 0).length); } return heights.size; }"""
    page.wait_for_function(f"() => ({heights})(document.querySelector('.waveform canvas')) > 3")


def test_the_waveform_is_lighter_where_nobody_speaks(library: AppPage) -> None:
    waveform = {"duration": 30.0, "peaks": [200] * 300, "speech": [[0.0, 10.0]]}
    library.page.route("**/waveform", lambda route: route.fulfill(json=waveform))
    page = open_editor(library, "Ada.wav")
    alphas = """(canvas) => [0.2, 0.5, 0.9].map((part) => { const x = Math.round(canvas.width * part / 3) * 3;
      const { data } = canvas.getContext("2d").getImageData(x, canvas.height / 2, 3, 1);
      return Math.max(...data.filter((_, at) => at % 4 === 3)); })"""
    page.wait_for_function(
        f"""() => {{ const [speech, ...others] = ({alphas})(document.querySelector('.waveform canvas'));
        return speech === 255 && others.every((alpha) => alpha > 60 && alpha < 200); }}"""
    )


def test_search_in_the_transcript(library: AppPage) -> None:
    page = open_editor(library, "Ada.wav")
    page.keyboard.press("/")
    page.keyboard.type("THE ")
    find_bar = page.locator(".find-bar")
    expect(find_bar).to_contain_text(re.compile(r"1 of \d"))
    assert set(map(str.lower, highlighted(page, "match"))) == {"the"}
    page.keyboard.press("Enter")
    expect(find_bar).to_contain_text("2 of")
    page.keyboard.press("Shift+Enter")
    expect(find_bar).to_contain_text("1 of")


def test_uncertain_words_are_highlighted_on_demand(library: AppPage) -> None:
    page = open_editor(library, "Ada.wav")
    assert highlighted(page, "unsure") == []
    page.locator("#more summary").click()
    page.get_by_role("button", name="Uncertain words").click()
    assert highlighted(page, "unsure")[0] == "evening."


def test_copying_with_times(library: AppPage) -> None:
    library.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = open_editor(library, "Ada.wav")
    page.locator("#more summary").click()
    page.get_by_role("button", name="with times").click()
    expect(page.locator("toast-message")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[1] == f"[0:03] {TALK_LINES[1]}"


def test_reload_and_back_keep_the_view(library: AppPage) -> None:
    page = open_editor(library, "Ada.wav")
    page.reload()
    expect(page.locator("transcript-editor h1")).to_have_text("Ada.wav")
    expect(page.locator("transcript-editor [data-segment]")).to_have_count(len(TALK_LINES))
    page.go_back()
    expect(page.locator("job-list")).to_be_visible()
    expect(page.locator("transcript-editor")).to_be_hidden()


def test_a_video_shows_its_picture(library: AppPage) -> None:
    page = open_editor(library, "video.webm")
    page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    expect(page.locator("video")).to_be_visible()


def test_a_recording_that_browsers_cannot_play_is_played(library: AppPage) -> None:
    page = open_editor(library, "tone.wma")
    page.get_by_role("slider").click()  # in the middle, also before it is loaded
    page.wait_for_function(f"{MEDIA}.readyState > 1")
    assert page.evaluate(f"{MEDIA}.currentTime") > 1.4
    page.get_by_role("slider").press("Home")
    page.wait_for_function(f"{MEDIA}.currentTime === 0")
    page.keyboard.press("k")
    page.wait_for_function(f"{MEDIA}.currentTime > 0.2")
    page.get_by_role("slider").click()
    page.wait_for_function(f"{MEDIA}.currentTime > 1.4")
    expect(page.get_by_text("can't play this recording")).to_be_hidden()


def test_playback_goes_on_in_the_next_part(library: AppPage) -> None:
    page = open_editor(library, "long.wma")
    clock = page.locator(".clock :first-child")
    page.get_by_role("slider").press("End")
    page.keyboard.press("ArrowLeft")
    expect(clock).to_have_text("4:58")
    page.wait_for_function(f"{MEDIA}.readyState > 1")
    page.keyboard.press("k")
    expect(clock).to_have_text("5:01")
    page.keyboard.press("k")


def test_the_end_of_a_whole_part_is_not_in_the_next(library: AppPage) -> None:
    page = open_editor(library, "part.wma")
    page.wait_for_function(f"{MEDIA}.readyState > 1")
    page.get_by_role("slider").press("End")
    page.wait_for_function(f"{MEDIA}.currentTime > 299")
    expect(page.get_by_text("can't play this recording")).to_be_hidden()


def test_a_passage_in_two_parts_ends_where_it_should(library: AppPage) -> None:
    page = library.page
    sample = {"start": 299.0, "end": 301.0}
    speakers = [{"id": "S1", "name": "", "seconds": 297}, {"id": "S2", "name": "", "seconds": 6, "sample": sample}]
    page.route("**/speakers", lambda route: route.fulfill(json={"version": 0, "speakers": speakers, "search": None}))
    open_editor(library, "long.wma")
    page.get_by_role("button", name="Listen to Speaker 2").click()
    clock = page.locator(".clock :first-child")
    expect(clock).to_have_text("5:01")
    page.wait_for_function(f"{MEDIA}.paused")
    expect(clock).to_have_text("5:01")


def test_a_part_that_could_not_be_loaded_is_asked_for_again(library: AppPage) -> None:
    library.allowed_errors.append(re.compile("status of 500"))
    page = library.page
    page.route("**/audio?*", lambda route: route.fulfill(status=500, json={}))
    open_editor(library, "tone.wma")
    error = page.get_by_text("can't play this recording")
    expect(error).to_be_visible()
    page.unroute("**/audio?*")
    page.keyboard.press("k")
    page.wait_for_function(f"{MEDIA}.currentTime > 0.2")
    expect(error).to_be_hidden()


def test_a_part_that_the_server_still_makes_is_loading(library: AppPage) -> None:
    page = library.page
    waiting: list[Route] = []
    page.route("**/audio?*", lambda route: waiting.append(route))
    open_editor(library, "tone.wma")
    player = page.get_by_role("group", name="Player")
    expect(player.get_by_role("status")).to_have_text("Loading…")
    assert axe_violations(page) == []
    wait_until(page, lambda: waiting)
    waiting[0].continue_()
    page.wait_for_function(f"{MEDIA}.readyState > 1")
    expect(player.get_by_role("status")).to_have_count(0)


def test_html_in_names_and_transcripts_is_shown_as_text(library: AppPage) -> None:
    page = open_editor(library, f"{HOSTILE_TEXT}.wav")
    expect(page.locator("transcript-editor h1")).to_have_text(f"{HOSTILE_TEXT}.wav")
    expect(page.locator(".line-text").first).to_have_text(HOSTILE_TEXT)
    assert page.locator("transcript-editor img, transcript-editor script").count() == 0
    assert page.evaluate("typeof hacked") == "undefined"


def test_a_recording_without_speech_says_so(library: AppPage) -> None:
    card = library.card("silence.wav")
    expect(card.element).to_contain_text("No speech was found")


def test_a_closed_transcript_stops_playing(library: AppPage) -> None:
    page = library.page
    library.card("Ada.wav").open_editor()
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0")
    page.evaluate("() => (globalThis.video = document.querySelector('video'))")
    page.get_by_role("link", name="All transcripts").click()
    page.wait_for_function("() => globalThis.video.paused && !globalThis.video.src")
    assert page.evaluate("CSS.highlights.size") == 0
