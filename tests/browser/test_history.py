"""The list of many jobs: paging, filter, search, removal with undo."""

from playwright.sync_api import Page, expect

from tests.browser.app_page import AppPage

UNDO_TIME = "00:08"  # longer than the toast is shown


def job_exists(page: Page, job_id: str) -> bool:
    return page.request.get(f"/job/{job_id}").ok


def expect_removed(page: Page, job_id: str) -> None:
    """Waits until the server has removed the job."""
    page.wait_for_function(
        "async (id) => (await fetch(`jobs?q=&limit=200`)).json().then(({ jobs }) => "
        "!jobs.some((job) => job.job_id === id))",
        arg=job_id,
    )
    assert not job_exists(page, job_id)


def test_a_job_is_removed_after_the_undo_time(library: AppPage) -> None:
    page, card = library.page, library.card("note 0.wav")
    page.clock.install()
    card.choose("Remove")
    expect(card.element).to_have_count(0)
    page.mouse.move(0, 0)  # a hovered toast stays open
    assert job_exists(page, card.job_id)
    page.clock.fast_forward(UNDO_TIME)
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    expect_removed(page, card.job_id)


def test_a_reload_does_not_bring_a_removed_job_back(library: AppPage) -> None:
    page = library.page
    page.add_init_script(
        "addEventListener('pagehide', (event) => event.stopImmediatePropagation())"
    )  # as if the tab were killed
    page.reload()
    card = library.card("note 1.wav")
    page.clock.install()
    card.choose("Remove")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.reload()
    expect(library.card("note 2.wav").element).to_be_visible()
    expect(card.element).to_have_count(0)
    assert job_exists(page, card.job_id)
    page.clock.fast_forward(UNDO_TIME)
    expect_removed(page, card.job_id)


def test_scrolling_loads_older_jobs(library: AppPage) -> None:
    cards = library.page.locator("job-card")
    expect(cards).to_have_count(50)
    cards.last.scroll_into_view_if_needed()
    expect(library.card("note 59.wav").element).to_be_attached()
    expect(library.page.get_by_role("button", name="Show older transcripts")).to_be_hidden()


def test_search_shows_matches_in_context(library: AppPage) -> None:
    page = library.page
    page.keyboard.press("/")
    page.keyboard.type("cancion man")
    expect(page.locator("job-card")).to_have_count(1)
    expect(page.locator("mark")).to_have_text(["canción", "mañana"])
    page.locator(".excerpt").click()
    expect(page.locator("transcript-editor h1")).to_have_text("canción.wav")
    page.go_back()
    page.get_by_label("Search names and transcripts").fill("nowhere at all")
    expect(page.get_by_text("No matches.")).to_be_visible()
    page.get_by_label("Search names and transcripts").fill("")
    expect(page.locator("job-card")).to_have_count(50)


def test_filter_by_status(library: AppPage) -> None:
    page = library.page
    page.get_by_label("Show", exact=True).select_option("failed")
    expect(page.locator("job-card")).to_have_count(1)
    card = library.card("broken.mp3").element
    expect(card).to_contain_text("can't be read as audio or video")
    expect(card.locator(".preview")).to_be_hidden()  # there is no text
    card.locator("summary").click()
    expect(card.get_by_role("button", name="Try with current settings")).to_be_visible()
    page.get_by_label("Show", exact=True).select_option("cancelled")
    expect(page.locator("job-card .name")).to_have_text(["long.mp3", "Half.wav"])


def test_a_card_that_moves_into_another_block_keeps_the_focus(library: AppPage) -> None:
    page = library.page
    links = page.locator("job-card a.name")
    expect(links).to_have_count(50)
    blocks = page.locator(".cards .block")
    moved = library.card(blocks.nth(1).locator("a.name").first.text_content() or "").element
    moved.locator("a.name").focus()
    page.request.delete(f"/job/{library.card('Passing.wav').job_id}?remove=true")
    expect(blocks.first.locator("job-card").last).to_have_attribute("data-job", moved.get_attribute("data-job") or "")
    expect(moved.locator("a.name")).to_be_focused()
