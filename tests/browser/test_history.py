"""Many jobs: a page at a time, filtered, searched, removed."""

from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage

UNDO_IS_OVER = "00:08"


def is_known(page: Page, job_id: str) -> bool:
    return page.request.get(f"/job/{job_id}").ok


def gone(page: Page, job_id: str) -> None:
    """Waits for the server to have removed it."""
    page.wait_for_function(
        "async (id) => (await fetch(`jobs?q=&limit=200`)).json().then(({ jobs }) => "
        "!jobs.some((job) => job.job_id === id))",
        arg=job_id,
    )
    assert not is_known(page, job_id)


def test_removed_when_it_can_no_longer_be_undone(library: AppPage) -> None:
    page, card = library.page, library.card("note 0.wav")
    page.clock.install()
    card.press("Remove")
    expect(card.element).to_have_count(0)
    page.mouse.move(0, 0)  # whoever reads the line keeps it
    assert is_known(page, card.job_id)
    page.clock.fast_forward(UNDO_IS_OVER)
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    gone(page, card.job_id)


def test_a_reload_does_not_bring_a_removed_job_back(library: AppPage) -> None:
    page = library.page
    page.add_init_script("addEventListener('pagehide', (event) => event.stopImmediatePropagation())")  # as if killed
    page.reload()
    card = library.card("note 1.wav")
    page.clock.install()
    card.press("Remove")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.reload()
    expect(library.card("note 2.wav").element).to_be_visible()
    expect(card.element).to_have_count(0)
    assert is_known(page, card.job_id)
    page.clock.fast_forward(UNDO_IS_OVER)
    gone(page, card.job_id)


def test_older_ones_come_while_scrolling(library: AppPage) -> None:
    cards = library.page.locator("job-card")
    expect(cards).to_have_count(50)
    cards.last.scroll_into_view_if_needed()
    expect(library.card("note 59.wav").element).to_be_attached()
    expect(library.page.get_by_role("button", name="Show older ones")).to_be_hidden()


def test_search_shows_the_hit_in_context(library: AppPage) -> None:
    page = library.page
    page.keyboard.press("/")
    page.keyboard.type("cancion man")
    expect(page.locator("job-card")).to_have_count(1)
    expect(page.locator("mark")).to_have_text(["canción", "mañana"])
    page.locator(".excerpt").click()
    expect(page.locator("transcript-editor h2")).to_have_text("canción.wav")
    page.go_back()
    page.get_by_label("Search names and texts").fill("nowhere at all")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.get_by_label("Search names and texts").fill("")
    expect(page.locator("job-card")).to_have_count(50)


def test_filter_by_state(library: AppPage) -> None:
    page = library.page
    page.get_by_label("Show", exact=True).select_option("failed")
    expect(page.locator("job-card")).to_have_count(1)
    card = library.card("broken.mp3").element
    expect(card).to_contain_text("can't be read as audio or video")
    expect(card.get_by_role("button", name="Try with the chosen settings")).to_be_visible()
    page.get_by_label("Show", exact=True).select_option("cancelled")
    expect(page.locator("job-card .name")).to_have_text(["long.mp3"])
