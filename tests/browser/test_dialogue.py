"""The whole way of a real dialogue: dropped on the page, who speaks, names, a turn moved, exported, and read back."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import docx
import numpy as np
import pysubs2
import pytest
from playwright.sync_api import Page, expect

from localwhisper.audio.wav import wav_header
from localwhisper.engine.checkpoints.library import ModelLibrary
from tests.accuracy.dialogues import READERS, Piece, dialogue
from tests.browser.app_page import AppPage
from tests.browser.test_exporting import choose
from tests.browser.test_models import drop
from tests.browser.test_speakers import expect_names, names
from tests.engine.test_real_speech import FOLDER, real_library  # noqa: F401  # a fixture
from tests.process.server import Server
from tests.speech import decoded

pytestmark = pytest.mark.skipif(FOLDER is None, reason="no recordings: LOCALWHISPER_SPEECH names their folder")


@pytest.fixture
def server(tmp_path: Path, real_library: ModelLibrary) -> Iterator[Server]:  # noqa: F811
    (tmp_path / "models").mkdir()
    checkpoint = real_library.loadable_path("base")
    assert checkpoint is not None
    shutil.copy(checkpoint, tmp_path / "models")
    server = Server(tmp_path / "data", "--model-dir", str(tmp_path / "models")).start()
    yield server
    server.stop()


def saved(page: Page, format_name: str, folder: Path) -> Path:
    """A file from the export dialog."""
    choose(page, format_name)
    with page.expect_download() as download:
        page.locator("#export-save").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_a_dialogue_is_dropped_named_corrected_and_exported(page: Page, server: Server, tmp_path: Path) -> None:
    assert FOLDER is not None
    voices = {name: [Piece(decoded(FOLDER / path)) for path in READERS[name]] for name in ("LJ", "novel")}
    spoken = dialogue(voices, 0.3, np.random.default_rng(0))
    recording = tmp_path / "dialogue.wav"
    recording.write_bytes(wav_header(spoken.pcm.nbytes) + spoken.pcm.tobytes())
    app = AppPage(page, server.url)
    page.goto("/")
    page.locator("#option-model").select_option("base")
    page.get_by_text("More settings").click()
    page.locator("#option-speakers").select_option("auto")
    drop(page, recording)
    card = app.card("dialogue.wav")
    card.expect_status("completed")
    expect(card.element.locator(".speakers")).to_have_text("· 2 speakers")

    card.open_editor()
    panel = page.get_by_role("region", name="Who speaks")
    for number, name in enumerate(("Ana", "Ben"), start=1):
        panel.get_by_label(f"Name of speaker {number}").fill(name)
        panel.get_by_label(f"Name of speaker {number}").press("Enter")
        expect(page.locator(f"[data-channel={name}]").first).to_be_visible()
    said = [str(name) for name in names(page)]
    assert {*said} == {"Ana", "Ben"}
    moved = "Ben" if said[0] == "Ana" else "Ana"
    page.locator("button.time").first.focus()
    page.keyboard.press("2" if moved == "Ben" else "1")
    said[0] = moved
    expect_names(page, *said)

    texts = page.locator(".line-text").all_text_contents()
    page.locator("#export").click()
    subtitles = pysubs2.load(str(saved(page, "srt", tmp_path)))
    assert [line.plaintext.replace("\n", " ") for line in subtitles] == [
        f"{name}: {text}" for name, text in zip(said, texts, strict=True)
    ]
    paragraphs = [each.text for each in docx.Document(str(saved(page, "docx", tmp_path))).paragraphs]
    turns = re.findall(r"(Ana|Ben): (.*)", "\n".join(paragraphs))
    assert " ".join(text for _, text in turns) == " ".join(texts)
    assert [name for name, _ in turns] == [name for at, name in enumerate(said) if at == 0 or said[at - 1] != name]
    assert app.unexpected_errors() == []
