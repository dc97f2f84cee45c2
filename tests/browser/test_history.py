"""Many jobs: a page at a time, filtered, searched, removed."""

from playwright.sync_api import expect

from tests.browser.desk import Desk


def test_older_ones_come_while_scrolling(library: Desk) -> None:
    cards = library.page.locator("job-card")
    expect(cards).to_have_count(50)
    cards.last.scroll_into_view_if_needed()
    expect(library.card("note 59.wav").element).to_be_attached()
    expect(library.page.get_by_role("button", name="Show older ones")).to_be_hidden()


def test_search_shows_the_hit_in_context(library: Desk) -> None:
    page = library.page
    page.keyboard.press("/")
    page.keyboard.type("cancion man")
    expect(page.locator("job-card")).to_have_count(1)
    expect(page.locator("mark")).to_have_text(["canción", "mañana"])
    page.locator(".excerpt").click()
    expect(page.locator("reading-desk h2")).to_have_text("canción.wav")
    page.go_back()
    page.get_by_label("Search names and texts").fill("nowhere at all")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.get_by_label("Search names and texts").fill("")
    expect(page.locator("job-card")).to_have_count(50)


def test_filter_by_state(library: Desk) -> None:
    page = library.page
    page.get_by_label("Show", exact=True).select_option("failed")
    expect(page.locator("job-card")).to_have_count(1)
    card = library.card("broken.mp3").element
    expect(card).to_contain_text("can't be read as audio or video")
    expect(card.get_by_role("button", name="Try with the chosen settings")).to_be_visible()
    page.get_by_label("Show", exact=True).select_option("cancelled")
    expect(page.locator("job-card .name")).to_have_text(["long.mp3"])
