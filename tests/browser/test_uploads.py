"""Adding files: chosen, dropped and pasted ones; rejected and cancelled uploads."""

import re
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.app_page import CLIENT_ERROR, AppPage

HOSTILE_NAME = "<img src=x onerror=hacked=1>.opus"
BYTES_PER_SECOND = 200_000

DROP = """([name, type, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
  }
}"""


PASTE = """([name, type, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }));
}"""


def payload(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_a_rejected_file_says_why_and_the_others_continue(app: AppPage, clip: Path) -> None:
    app.allowed_errors.append(CLIENT_ERROR)
    app.choose_files(payload("letter.txt", b"Dear reader, " * 20), payload(clip.name, clip.read_bytes()))
    rejected = app.upload("letter.txt")
    expect(rejected).to_contain_text("can't be read as audio or video")
    app.card(clip.name).expect_status("completed")
    rejected.get_by_role("button", name=re.compile("^Dismiss")).click()
    expect(rejected).to_have_count(0)


def test_html_in_a_file_name_is_shown_as_text(app: AppPage, page: Page, clip: Path) -> None:
    app.choose_files(payload(HOSTILE_NAME, clip.read_bytes()))
    card = app.card(HOSTILE_NAME)
    card.expect_status("completed")
    expect(card.element.locator(".name")).to_have_text(HOSTILE_NAME)
    assert page.locator("job-list img").count() == 0
    assert page.evaluate("typeof hacked") == "undefined"


def test_files_can_be_dropped_anywhere(app: AppPage, page: Page, clip: Path) -> None:
    page.evaluate(DROP, ["dropped.opus", "audio/ogg", list(clip.read_bytes())])
    app.card("dropped.opus").expect_status("completed")
    expect(page.locator(".drop-overlay")).to_be_hidden()


def test_files_can_be_pasted(app: AppPage, page: Page, clip: Path) -> None:
    page.evaluate(PASTE, ["pasted.opus", "audio/ogg", list(clip.read_bytes())])
    app.card("pasted.opus").expect_status("completed")


def test_an_upload_can_be_cancelled(app: AppPage, page: Page, tmp_path: Path) -> None:
    big = tmp_path / "big.wav"
    with big.open("wb") as file:
        file.truncate(20_000_000)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_PER_SECOND}
    session.send("Network.emulateNetworkConditions", limits)
    app.choose_files(big)
    upload = app.upload("big.wav")
    expect(upload).to_contain_text(re.compile(r"Uploading: [1-9][0-9.]* [kM]B of 20 MB"))
    upload.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(upload).to_have_count(0)
    assert page.request.get("/jobs").json()["jobs"] == []
