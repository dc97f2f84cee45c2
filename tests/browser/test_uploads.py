"""Adding files: chosen, dropped and pasted ones; rejected and cancelled uploads."""

import re
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.app_page import CLIENT_ERROR, SERVER_UNREACHABLE, AppPage
from tests.process.server import Server

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
    app.choose_files(payload("letter.pdf", b"Dear reader, " * 20), payload(clip.name, clip.read_bytes()))
    rejected = app.upload("letter.pdf")
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


DROP_FOLDER = """(bytes) => {
  const content = [new Uint8Array(bytes)];
  const file = (name, type) => ({ name, isDirectory: false, file: (done) => done(new File(content, name, { type })) });
  const folder = (name, ...entries) => ({ name, isDirectory: true,
    createReader: () => ({ readEntries: (done) => done(entries.splice(0)) }) });
  const old = folder("Old", file("1.wma", ""));
  const entry = folder("Interviews", file("2.opus", "audio/ogg"), file("notes.txt", "text/plain"), old);
  const event = new DragEvent("drop", { bubbles: true, cancelable: true });
  const dataTransfer = { types: ["Files"], files: [], items: [{ webkitGetAsEntry: () => entry }] };
  Object.defineProperty(event, "dataTransfer", { value: dataTransfer });
  document.body.dispatchEvent(event);
}"""


def test_the_recordings_of_a_folder_can_be_dropped(app: AppPage, page: Page, clip: Path) -> None:
    page.evaluate(DROP_FOLDER, list(clip.read_bytes()))
    for name in ("2.opus", "1.wma"):
        page.locator("job-card", has_text=name).wait_for()
        app.card(name).expect_status("completed")
    expect(page.locator("upload-card")).to_have_count(0)
    assert len(page.request.get("/jobs").json()["jobs"]) == 2


def test_an_upload_is_sent_again_when_the_server_is_back(app: AppPage, server: Server, clip: Path) -> None:
    app.allowed_errors += [SERVER_UNREACHABLE, re.compile("fetching the script")]  # the service worker's
    server.kill()
    expect(app.banner).to_be_visible()
    app.choose_files(clip)
    expect(app.upload(clip.name)).to_contain_text("sent again by itself")
    server.start()
    app.page.locator("job-card", has_text=clip.name).wait_for()
    app.card(clip.name).expect_status("completed")


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
