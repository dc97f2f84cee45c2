"""The form with the options of a job, built from the rows that the server lists."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from localwhisper.messages import in_language
from localwhisper.option_types import SettableIn
from localwhisper.options import OPTIONS
from tests.browser.app_page import AppPage

# in the order of the form: what most people choose comes first
ORDER = {"language": 0, "model": 1}
SHOWN = {name: option for name, option in OPTIONS.items() if SettableIn.PAGE in option.settable_in}


@pytest.fixture(autouse=True)
def more_settings(page: Page, app: AppPage) -> None:
    page.locator(".options summary").click()


@pytest.mark.parametrize(
    ("language", "context_options"), [("en", {}), ("es", {"locale": "es-ES"})], ids=["English", "Spanish"]
)
def test_every_option_for_the_page_has_a_labelled_field(app: AppPage, page: Page, language: str) -> None:
    labels = page.locator("options-form form :is(.field label, .check span)")
    shown = sorted(SHOWN.items(), key=lambda item: ORDER.get(item[0], 2))
    expect(labels).to_have_text([in_language(option.label, language) for _, option in shown])
    for name, option in SHOWN.items():
        field = page.locator(f"#option-{name}")
        assert field.count() == 1
        if option.hint is not None:
            expect(field).to_have_accessible_description(in_language(option.hint, language))


def test_choices_are_sent_and_remembered(app: AppPage, page: Page, clip: Path) -> None:
    page.get_by_label("Spoken language").fill("span")  # the beginning of one name
    page.get_by_label("Spoken language").blur()
    page.get_by_label("Accuracy and speed").select_option("fast")
    page.get_by_label("Times for each word").check()
    page.get_by_label("Names and terms", exact=True).first.fill(" Ada, Köln ")
    page.get_by_label("Names and terms", exact=True).first.blur()
    for _ in range(2):
        expect(page.get_by_label("Spoken language")).to_have_value("Spanish")
        app.choose_files(clip)
        card = app.card(clip.name)
        card.expect_status("completed")
        options = app.job(card.job_id)["options"]
        assert (options["language"], options["quality"], options["word_timestamps"]) == ("es", "fast", True)
        assert options["terms"] == "Ada, Köln"
        page.reload()


def test_an_unknown_language_is_named(app: AppPage, page: Page) -> None:
    field = page.get_by_label("Spoken language")
    field.fill("Klingon")
    field.blur()
    expect(page.get_by_role("alert").filter(has_text="Klingon")).to_contain_text("will be detected")
    field.fill("Germ")
    field.blur()
    expect(field).to_have_value("German")
    expect(page.get_by_role("alert").filter(has_text="Klingon")).to_have_count(0)


def test_word_times_need_line_times(app: AppPage, page: Page, clip: Path) -> None:
    page.get_by_label("Times for each word").check()
    page.get_by_label("Times for each line").uncheck()
    expect(page.get_by_label("Times for each word")).to_be_disabled()
    app.choose_files(clip)
    card = app.card(clip.name)
    card.expect_status("completed")
    options = app.job(card.job_id)["options"]
    assert (options["return_timestamps"], options["word_timestamps"]) == (False, False)


def test_texts_follow_the_language_of_the_page(app: AppPage, page: Page) -> None:
    expect(page.get_by_label("Spoken language")).to_be_visible()
    page.get_by_label("Page language").select_option("es")
    expect(page.get_by_label("Idioma hablado")).to_have_attribute("placeholder", "Automático")


def test_a_recording_in_several_languages(app: AppPage, page: Page, clip: Path) -> None:
    page.get_by_label("Spoken language").fill("Several languages")
    app.choose_files(clip)
    card = app.card(clip.name)
    card.expect_status("completed")
    expect(card.element.locator(".meta")).to_contain_text("Several languages · demo")
    options = app.job(card.job_id)["options"]
    assert (options["language"], options["multilingual"], options["chunk_length"]) == ("auto", True, 15)
