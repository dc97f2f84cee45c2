"""The page of a machine without a model: choosing one, and recordings that are dropped before."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app_page import CLIENT_ERROR, AppPage
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.mirror import Mirror, bundled_checkpoint, mirrored_server
from tests.process.server import Server


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    checkpoint = bundled_checkpoint(folder)
    with mirrored_server(folder, checkpoint, "--default-model", "medium") as server:
        Mirror.serve(checkpoint)
        yield server


@pytest.fixture
def app(browser: Browser, server: Server) -> Iterator[AppPage]:
    page = browser.new_page(base_url=server.url, locale="en-US")
    page.set_default_timeout(TIMEOUT_MS)
    app = AppPage(page, server.url)
    app.allowed_errors.append(CLIENT_ERROR)
    server.request("DELETE", "/models/base")
    page.goto("/")
    page.locator("[data-sample]").first.wait_for(state="attached")
    yield app
    assert app.unexpected_errors() == []
    page.close()


def recommended(page: Page) -> str:
    return page.locator("model-choice [data-recommended=true]").inner_text()


def test_a_model_is_chosen_first(app: AppPage) -> None:
    page, choice = app.page, app.page.locator("model-choice")
    expect(choice.locator(".purpose")).to_have_text(["Quick", "Balanced", "Best"])
    assert re.search(
        r"Quick.*Recommended.*base · 145 MB\s+An hour of audio takes about \d+ min here", recommended(page), re.S
    )
    content, Mirror.content = Mirror.content, b""
    choice.get_by_role("button", name="Download base").click()
    expect(choice.get_by_role("alert")).to_contain_text("could not be downloaded")
    Mirror.serve(content)
    choice.get_by_role("button", name="Download base").click()
    expect(choice.locator("progress:visible")).to_have_count(1)
    expect(choice.get_by_role("button", name="Stop the download")).to_be_visible()
    Mirror.resume.set()
    expect(choice).to_be_hidden()
    expect(page.locator("#files")).to_be_focused()
    expect(page.locator("live-region")).to_have_text("The model base is ready.")
    expect(page.locator("#option-model option:checked")).to_have_text("Quick · base")


def test_a_recording_dropped_first_gets_the_recommended_model(app: AppPage, server: Server, clip: Path) -> None:
    """The download fails at first; one click on the job repeats it."""
    content, Mirror.content = Mirror.content, b""
    app.choose_files(clip)
    app.page.locator("job-card").wait_for()
    card = app.card(clip.name)
    card.expect_status("failed")
    assert app.job(card.job_id)["model"] == "base"
    Mirror.serve(content, at_once=True)
    card.click("Download base and try again")
    card.expect_status("completed")
    expect(app.page.locator("model-choice")).to_be_hidden()

    second = server.submit(clip)  # names no model, and the default can't be downloaded
    expect(app.page.locator(f"job-card[data-job='{second}'] .model-reason")).to_contain_text(
        "Model base: the best on this machine; medium is not here"
    )
    server.job_when(second, "completed")
