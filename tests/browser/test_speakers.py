"""Who speaks, on the desk: names, lines given with the number keys, two made one, and one alone."""

from playwright.sync_api import Page, Route, expect

from tests.browser.app_page import AppPage, wait_until
from tests.browser.seed_data import TALK_LINES
from tests.browser.test_accessibility import axe_violations
from tests.browser.test_editing import exported, start_correcting
from tests.browser.test_exporting import SELECT


def names(page: Page) -> list[str | None]:
    """What stands before each visible line."""
    script = "lines => lines.filter(line => line.offsetParent).map(line => line.dataset.channel ?? null)"
    found: list[str | None] = page.locator(".line-text").evaluate_all(script)
    return found


def expect_names(page: Page, *expected: str) -> None:
    page.wait_for_function(
        "names => JSON.stringify([...document.querySelectorAll('.line-text')].filter(line => line.offsetParent)"
        ".map(line => line.dataset.channel)) === JSON.stringify(names)",
        arg=list(expected),
    )


def test_speakers_are_named_corrected_and_made_one(library: AppPage) -> None:
    page = library.page
    card = library.card("Dialogue.wav")
    who = card.element.locator(".speakers")
    expect(who).to_have_text("· 3 speakers")
    card.open_editor()
    expect_names(page, *(f"Speaker {n}" for n in (1, 2, 1, 1, 3, 2)))
    panel = page.get_by_role("region", name="Who speaks")
    expect(panel.get_by_role("listitem")).to_have_count(3)
    assert axe_violations(page) == []
    panel.get_by_label("Name of speaker 1").fill("Ada")
    panel.get_by_label("Name of speaker 1").press("Enter")
    expect_names(page, "Ada", "Speaker 2", "Ada", "Ada", "Speaker 3", "Speaker 2")

    page.locator("button.time").nth(2).focus()
    page.keyboard.press("2")
    expect_names(page, "Ada", "Speaker 2", "Speaker 2", "Ada", "Speaker 3", "Speaker 2")
    panel.get_by_label("Speaker 3 is the same person as").select_option("Ada")
    expect_names(page, "Ada", "Speaker 2", "Speaker 2", "Ada", "Ada", "Speaker 2")
    expect(page.locator(".line[data-continues]")).to_have_count(2)  # whose names aren't shown again
    assert exported(page, "srt").count("Ada: ") == 3
    assert exported(page, "rttm").count(" Ada ") == 2

    page.get_by_role("button", name="Only the lines of Ada").click()
    expect_names(page, "Ada", "Ada", "Ada")
    page.get_by_role("button", name="Only the lines of Ada").click()
    page.locator("button.time").first.focus()
    page.keyboard.press("3")  # one who isn't listed yet
    expect(panel.get_by_role("listitem")).to_have_count(3)
    page.reload()
    expect(panel.get_by_role("listitem")).to_have_count(3)
    card.close_editor()
    expect(who).to_have_text("· 3 speakers: Ada, Speaker 2, Speaker 3")
    version = library.job(card.job_id)["transcript_version"]
    merge = {"version": version, "merge": "S3", "into": "S1"}  # as in another window
    assert page.request.patch(f"/job/{card.job_id}/speakers", data=merge).ok
    expect(who).to_have_text("· 2 speakers: Ada, Speaker 2")


def test_numbers_and_names_agree_after_two_were_made_one(library: AppPage) -> None:
    page = library.page
    card = library.card("Joined.wav")
    card.open_editor()
    panel = page.get_by_role("region", name="Who speaks")
    numbers = panel.locator(".speaker-number")
    panel.get_by_label("Speaker 2 is the same person as").select_option("Speaker 1")
    expect_names(page, "Speaker 1", "Speaker 1", "Speaker 3")
    expect(numbers).to_have_text(["1", "3"])
    expect(panel.get_by_label("Name of speaker 3")).to_have_attribute("placeholder", "Speaker 3")
    page.locator("button.time").nth(1).focus()
    page.keyboard.press("3")
    expect_names(page, "Speaker 1", "Speaker 3", "Speaker 3")
    page.keyboard.press("2")  # free again: one who isn't listed yet
    expect_names(page, "Speaker 1", "Speaker 2", "Speaker 3")
    expect(numbers).to_have_text(["1", "2", "3"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(SELECT, [0, 10, 1, 6])
    page.keyboard.press("q")
    expect(page.locator("toast-message")).to_contain_text("copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "“Speaker 1: all for coming this evening. Speaker 2: I want” (Joined, 0:00–0:03)"
    card.close_editor()
    expect(card.element.locator(".speakers")).to_have_text("· 3 speakers")
    card.open_editor()
    expect_names(page, "Speaker 1", "Speaker 2", "Speaker 3")


def test_two_who_were_made_one_by_mistake_are_two_again(library: AppPage) -> None:
    page = library.page
    start_correcting(library, "Mistake.wav")
    panel = page.get_by_role("region", name="Who speaks")
    panel.get_by_label("Name of speaker 2").fill("Bob")
    panel.get_by_label("Name of speaker 2").press("Enter")
    expect_names(page, "Speaker 1", "Bob", "Speaker 1", "Speaker 3")
    seconds = panel.locator("li .hint").all_text_contents()
    panel.get_by_label("Bob is the same person as").select_option("Speaker 1")
    expect_names(page, "Bob", "Bob", "Bob", "Speaker 3")
    toast = page.locator("toast-message")
    expect(toast).to_contain_text("Two speakers are one now.")
    toast.hover()  # keeps it
    assert axe_violations(page) == []
    page.locator(".line-text").first.press("End")
    page.keyboard.type(" Indeed.")  # is saved first
    toast.get_by_role("button", name="Undo").click()
    expect_names(page, "Speaker 1", "Bob", "Speaker 1", "Speaker 3")
    expect(panel.locator("li .hint")).to_have_text(seconds)
    expect(toast).to_be_hidden()
    page.reload()
    expect_names(page, "Speaker 1", "Bob", "Speaker 1", "Speaker 3")
    expect(page.locator(".line-text").first).to_contain_text("Indeed.")


def test_two_are_two_again_after_another_transcript_was_opened(library: AppPage) -> None:
    page = library.page
    card = library.card("Merged.wav")
    card.open_editor()
    page.get_by_label("Speaker 2 is the same person as").select_option("Speaker 1")
    expect_names(page, "Speaker 1", "Speaker 1", "Speaker 3")
    card.close_editor()
    library.card("Monologue.wav").open_editor()
    page.locator("toast-message").get_by_role("button", name="Undo").click()
    page.locator("transcript-editor").get_by_role("link", name="All transcripts").click()
    expect(card.element.locator(".speakers")).to_have_text("· 3 speakers")
    card.open_editor()
    expect_names(page, "Speaker 1", "Speaker 2", "Speaker 3")


def continue_saving(page: Page, waiting: list[Route], number: int) -> None:
    wait_until(page, lambda: len(waiting) == number)
    waiting[-1].continue_()


def test_names_are_typed_while_the_one_before_is_being_saved(library: AppPage) -> None:
    page = library.page
    library.card("Quick.wav").open_editor()
    panel = page.get_by_role("region", name="Who speaks")
    waiting: list[Route] = []
    page.route(
        "**/speakers", lambda route: waiting.append(route) if route.request.method == "PATCH" else route.fallback()
    )
    for number, name in enumerate(("Ada", "Ben"), start=1):
        panel.get_by_label(f"Name of speaker {number}").click()
        page.keyboard.type(name)
        page.keyboard.press("Tab")
    third = panel.get_by_label("Name of speaker 3")
    third.click()
    page.keyboard.type("Cle")
    continue_saving(page, waiting, 1)
    continue_saving(page, waiting, 2)
    expect_names(page, "Ada", "Ben", "Ada", "Ada", "Speaker 3", "Ben")
    page.keyboard.type("o")
    page.keyboard.press("Enter")
    continue_saving(page, waiting, 3)
    expect_names(page, "Ada", "Ben", "Ada", "Ada", "Cleo", "Ben")


def test_a_voice_is_kept_if_somebody_wants_it_then_suggested_and_forgotten(library: AppPage) -> None:
    page = library.page
    library.card("Interview.wav").open_editor()
    panel = page.get_by_role("region", name="Who speaks")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    expect(panel.get_by_role("button", name="Keep the voice")).to_have_count(0)  # of nobody without a name
    panel.get_by_label("Name of speaker 1").fill("Grace")
    panel.get_by_label("Name of speaker 1").press("Enter")
    panel.get_by_role("button", name="Keep the voice of Grace").click()
    dialog = page.get_by_role("dialog", name="Known voices")
    expect(dialog).to_contain_text("biometric data")
    expect(dialog).to_contain_text("No voice is kept.")
    assert axe_violations(page) == []
    dialog.get_by_role("button", name="Keep the voice of Grace").click()
    expect(dialog.get_by_role("listitem")).to_have_text(["GraceForget"])
    dialog.get_by_role("button", name="Close").click()
    expect(panel.get_by_role("button", name="Keep the voice")).to_have_count(0)

    panel.get_by_label("Name of speaker 1").fill("")
    panel.get_by_label("Name of speaker 1").press("Enter")
    expect_names(page, *(f"Speaker {n}" for n in (1, 2, 1, 2)))
    page.reload()  # the recording is a tone: everybody's voice is the same
    panel.get_by_role("button", name="may be Grace").click()
    expect(panel.get_by_role("button", name="may be Grace")).to_have_count(0)
    expect(page.locator("[data-channel=Grace]")).to_have_count(2)

    page.locator("#more summary").click()
    page.locator("#more").get_by_role("button", name="Known voices").click()
    dialog.get_by_role("button", name="Forget: Grace").click()
    expect(dialog).to_contain_text("No voice is kept.")


def test_one_person_is_not_named(library: AppPage) -> None:
    card = library.card("Monologue.wav")
    expect(card.preview).to_contain_text(TALK_LINES[0])
    expect(card.element.locator(".speakers")).to_be_hidden()
    card.open_editor()
    expect(library.page.locator(".line-text")).to_have_text(list(TALK_LINES[:2]))
    assert names(library.page) == [None, None]
    expect(library.page.get_by_role("region", name="Who speaks")).to_be_hidden()


def test_who_speaks_is_shown_before_a_job_is_completed(library: AppPage) -> None:
    """As far as it is known; nobody can be named yet."""
    library.card("Half.wav").open_editor()
    expect_names(library.page, *(f"Speaker {n}" for n in (1, 2, 1, 2)))
    expect(library.page.get_by_role("region", name="Who speaks")).to_be_hidden()
    library.page.locator("button.time").first.focus()
    library.page.keyboard.press("2")
    expect_names(library.page, *(f"Speaker {n}" for n in (1, 2, 1, 2)))


def test_a_search_says_what_it_found(library: AppPage) -> None:
    """The recording is a tone."""
    page = library.page
    library.card("Monologue.wav").open_editor()
    page.locator("#more summary").click()
    page.get_by_role("button", name="Find out who speaks").click()
    expect(page.get_by_text("No voice was found.")).to_be_visible()
