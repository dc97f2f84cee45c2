"""Downloading models, with progress and errors, and importing one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from whisper.model import ModelDimensions

from tests.browser.app_page import CLIENT_ERROR, AppPage
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.mirror import Mirror, bundled_checkpoint, mirrored_server
from tests.engine.model_files import write_ctranslate2
from tests.process.server import Server
from tools.random_checkpoint import tensors

SMALL = ModelDimensions(80, 1500, 64, 1, 2, 500, 448, 64, 1, 2)


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
    page.set_default_timeout(TIMEOUT_MS)
    app = AppPage(page, mirrored.url)
    app.allowed_errors.append(CLIENT_ERROR)
    page.goto("/")
    page.locator("[data-sample]").first.wait_for(state="attached")
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
    expect(selected).to_have_text("tiny")
    expect(details.locator("#other-models")).to_be_hidden()  # the hint to download a larger model
    models: list[dict[str, Any]] = mirrored.request("GET", "/models")["models"]
    assert next(model["available"] for model in models if model["name"] == "tiny")


def test_a_model_can_be_imported(page: Page, tmp_path: Path, checkpoint: bytes) -> None:
    own, letter = tmp_path / "mi modelo.pt", tmp_path / "letter.pt"
    own.write_bytes(checkpoint)
    letter.write_bytes(b"Dear reader, " * 20)
    page.get_by_role("link", name="Models").click()
    page.locator(".model-row").first.wait_for()
    page.locator("#import").set_input_files(letter)
    rejected = page.locator("upload-card")
    expect(rejected).to_contain_text("can't be used as the model")
    rejected.get_by_role("button", name=re.compile("^Dismiss")).click()
    page.locator("#import").set_input_files(own)
    expect(page.locator("#option-model")).to_have_value("mi-modelo")
    expect(page.locator("#option-model option:checked")).to_have_text("mi-modelo")
    expect(page.locator("upload-card")).to_have_count(0)


def model_folder(folder: Path) -> Path:
    """As faster-whisper's, with tiny random weights."""
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("not needed")
    checkpoint = {"dims": vars(SMALL), "model_state_dict": tensors(SMALL)}
    return write_ctranslate2(checkpoint, folder, heads=[[1, 0]])


def drop(page: Page, path: Path) -> None:
    """Drag a file or folder from the desktop onto the page."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})


def test_a_folder_dropped_on_the_page_is_imported(page: Page, mirrored: Server, tmp_path: Path) -> None:
    drop(page, model_folder(tmp_path / "a folder" / "my-model"))
    expect(page.locator("#option-model")).to_have_value("my-model")
    models: list[dict[str, Any]] = mirrored.request("GET", "/models")["models"]
    (origin,) = (model["origin"] for model in models if model["name"] == "my-model")
    assert origin["format"] == "ctranslate2"
    expect(page.locator("upload-card")).to_have_count(0)
    assert mirrored.request("GET", "/jobs")["jobs"] == []  # no file of it was taken for a recording


def test_the_name_of_a_published_model_is_confirmed(page: Page, tmp_path: Path, checkpoint: bytes) -> None:
    (tmp_path / "small.pt").write_bytes(checkpoint)
    questions: list[str] = []
    page.on("dialog", lambda dialog: (questions.append(dialog.message), dialog.accept()))
    drop(page, tmp_path / "small.pt")
    expect(page.locator("#option-model")).to_have_value("small")
    assert "small.pt has the name of a published model" in questions[0]


def test_a_model_in_hugging_face_s_cache_is_imported_in_one_click(page: Page, tmp_path: Path) -> None:
    model_folder(tmp_path / "hub" / "models--Systran--faster-whisper-medium" / "snapshots" / "1")
    page.reload()
    page.get_by_role("link", name="Models").click()
    use = page.locator("models-view .found").get_by_role("button", name="Use medium")
    expect(use).to_contain_text("of Hugging Face's cache")
    use.click()
    expect(page.locator("#option-model")).to_have_value("medium")
    expect(page.locator("#option-model option:checked")).to_have_text("Best · medium")
    expect(use).to_have_count(0)


def test_models_are_managed_on_a_page_of_their_own(page: Page, mirrored: Server, checkpoint: bytes) -> None:
    page.get_by_role("link", name="Models").click()
    expect(page.locator("models-view h1")).to_be_focused()
    expect(page.locator("job-list")).to_be_hidden()
    page.reload()  # it has an address
    tiny = page.locator(".model-row").filter(has=page.get_by_role("heading", name=re.compile(r"\btiny\b(?!\.en)")))
    Mirror.serve(checkpoint)
    Mirror.resume.set()
    tiny.get_by_role("button", name="Download tiny").click()
    expect(tiny).to_contain_text("ready")
    tiny.get_by_role("button", name="Use for the next files").click()
    expect(page.locator("job-list")).to_be_visible()
    expect(page.locator("#option-model")).to_have_value("tiny")
    page.go_back()
    page.on("dialog", lambda dialog: dialog.accept())
    tiny.get_by_role("button", name="Remove tiny").click()
    expect(tiny.get_by_role("button", name="Download tiny")).to_be_visible()
    page.get_by_role("link", name="All transcripts").click()
    expect(page.get_by_role("link", name="Models")).to_be_focused()
