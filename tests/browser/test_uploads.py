"""Files on their way in: refused ones, dropped ones, hostile names, an upload that is called off."""

import re
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.app_page import REFUSED, AppPage

HOSTILE = "<img src=x onerror=hacked=1>.opus"
BYTES_A_SECOND = 200_000

DROP = """([name, type, numbers]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(numbers)], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
  }
}"""


PASTE = """([name, type, numbers]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(numbers)], name, { type }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }));
}"""


def payload(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_a_file_that_is_no_audio_says_why_and_the_others_go_on(app: AppPage, clip: Path) -> None:
    app.tolerated.append(REFUSED)
    app.choose(payload("letter.txt", b"Dear reader, " * 20), payload(clip.name, clip.read_bytes()))
    refused = app.upload("letter.txt")
    expect(refused).to_contain_text("can't be read as audio or video")
    app.card(clip.name).expect_status("completed")
    refused.get_by_role("button", name=re.compile("^Dismiss")).click()
    expect(refused).to_have_count(0)


def test_a_hostile_name_is_only_text(app: AppPage, page: Page, clip: Path) -> None:
    app.choose(payload(HOSTILE, clip.read_bytes()))
    card = app.card(HOSTILE)
    card.expect_status("completed")
    expect(card.element.locator(".name")).to_have_text(HOSTILE)
    assert page.locator("job-list img").count() == 0
    assert page.evaluate("typeof hacked") == "undefined"


def test_a_file_is_dropped_anywhere(app: AppPage, page: Page, clip: Path) -> None:
    page.evaluate(DROP, ["dropped.opus", "audio/ogg", list(clip.read_bytes())])
    app.card("dropped.opus").expect_status("completed")
    expect(page.locator(".drop-overlay")).to_be_hidden()


def test_a_file_is_pasted(app: AppPage, page: Page, clip: Path) -> None:
    page.evaluate(PASTE, ["pasted.opus", "audio/ogg", list(clip.read_bytes())])
    app.card("pasted.opus").expect_status("completed")


def test_an_upload_is_called_off(app: AppPage, page: Page, tmp_path: Path) -> None:
    big = tmp_path / "big.wav"
    with big.open("wb") as file:
        file.truncate(20_000_000)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": BYTES_A_SECOND}
    session.send("Network.emulateNetworkConditions", limits)
    app.choose(big)
    upload = app.upload("big.wav")
    expect(upload).to_contain_text(re.compile(r"Sending: [1-9][0-9.]* [kM]B of 20 MB"))
    upload.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(upload).to_have_count(0)
    assert page.request.get("/jobs").json()["jobs"] == []
