"""Custom elements release what they hold when they leave the document, and work again when they return."""

from playwright.sync_api import Request, expect

from tests.browser.app_page import AppPage

RECONNECT_ALL = """() => {
  for (const element of document.querySelectorAll("*")) {
    if (!customElements.get(element.localName)) continue;
    const { parentNode, nextSibling } = element;
    element.remove();
    parentNode.insertBefore(element, nextSibling);
  }
}"""


def test_reconnected_components_render_and_listen_once(library: AppPage) -> None:
    page = library.page
    cards = page.locator("job-card")
    fields = page.locator("options-form :is(.field, .check)")
    expect(cards).to_have_count(50)
    n_fields = fields.count()
    page.evaluate(RECONNECT_ALL)
    expect(cards).to_have_count(50)
    expect(fields).to_have_count(n_fields)

    searches: list[Request] = []
    page.on("request", lambda request: searches.append(request) if "q=" in request.url else None)
    page.keyboard.press("/")
    page.keyboard.insert_text("machine")
    page.locator("mark").first.wait_for()
    assert len(searches) == 1


def test_a_closed_transcript_stops_playing(library: AppPage) -> None:
    page = library.page
    library.card("Ada.wav").open_editor()
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0")
    page.evaluate("() => (globalThis.video = document.querySelector('video'))")
    page.get_by_role("link", name="All transcripts").click()
    page.wait_for_function("() => globalThis.video.paused && !globalThis.video.src")
    assert page.evaluate("CSS.highlights.size") == 0
