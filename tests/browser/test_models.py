"""Downloading models, with progress and errors, and importing one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app_page import CLIENT_ERROR, AppPage
from tests.browser.mirror import Mirror, bundled_checkpoint, mirrored_server
from tests.process.server import Server


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return bundled_checkpoint(tmp_path_factory.mktemp("unpacked"))


@pytest.fixture
def mirrored(tmp_path: Path, checkpoint: bytes) -> Iterator[Server]:
    with mirrored_server(tmp_path, checkpoint) as server:
        yield server


@pytest.fixture
def page(browser: Browser, mirrored: Server) -> Iterator[Page]:
    page = browser.new_page(base_url=mirrored.url, locale="en-US")
    app = AppPage(page, mirrored.url)
    app.allowed_errors.append(CLIENT_ERROR)
    page.goto("/")
    page.locator("[data-sample]").first.wait_for()
    yield page
    assert app.unexpected_errors() == []
    page.close()


def test_a_download_shows_its_progress_and_errors(page: Page, mirrored: Server, checkpoint: bytes) -> None:
    details, selected = page.locator("model-details"), page.locator("#option-model option:checked")
    download = details.get_by_role("button", name="Download tiny")
    expect(details).to_contain_text("download one of the larger models")
    page.locator("#option-model").select_option("tiny")
    expect(details).to_contain_text("is not on this machine yet")

    Mirror.serve(bytes(len(checkpoint)))
    download.click()
    expect(details).to_contain_text(re.compile(r"[1-9][0-9.]* MB of [1-9]"))
    expect(download).to_be_hidden()
    expect(selected).to_contain_text("downloading")
    Mirror.resume.set()
    expect(details.get_by_role("alert")).to_be_visible()  # the hash differs from the published one

    Mirror.serve(checkpoint)
    download.click()
    details.get_by_role("button", name="Stop the download").click()
    download.click()
    expect(details.get_by_role("alert")).to_be_hidden()
    expect(details.locator("progress")).to_be_visible()
    Mirror.resume.set()
    expect(details).to_contain_text("tiny is on this machine")
    expect(selected).to_contain_text("ready")
    expect(details.locator("#other-models")).to_be_hidden()  # the hint to download a larger model
    models: list[dict[str, Any]] = mirrored.request("GET", "/models")["models"]
    assert next(model["available"] for model in models if model["name"] == "tiny")


def test_a_model_can_be_imported(page: Page, tmp_path: Path, checkpoint: bytes) -> None:
    own, letter = tmp_path / "mi modelo.pt", tmp_path / "letter.pt"
    own.write_bytes(checkpoint)
    letter.write_bytes(b"Dear reader, " * 20)
    page.locator("#import").set_input_files(letter)
    rejected = page.locator("upload-card")
    expect(rejected).to_contain_text("can't be used as the model")
    rejected.get_by_role("button", name=re.compile("^Dismiss")).click()
    page.locator("#import").set_input_files(own)
    expect(page.locator("#option-model")).to_have_value("mi-modelo")
    expect(page.locator("#option-model option:checked")).to_contain_text("ready")
    expect(page.locator("upload-card")).to_have_count(0)
