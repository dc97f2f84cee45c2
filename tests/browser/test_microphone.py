"""Recording from the microphone: level, pause, a reload meanwhile, and the transcript."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, Dialog, Page, expect

from localwhisper.app import SAMPLES
from tests.audio.recordings import AudioSegment, joined
from tests.browser.app_page import AppPage, JobCard, words
from tests.browser.conftest import TIMEOUT_MS, with_microphone
from tests.process.server import Server


@pytest.fixture
def sample(samples: list[dict[str, Any]]) -> dict[str, Any]:
    return min(samples, key=lambda row: float(row["duration_s"]))


@pytest.fixture
def microphone_page(
    browser_type: BrowserType, server: Server, sample: dict[str, Any], tmp_path: Path
) -> Iterator[Page]:
    """A page whose microphone plays a sample once."""
    recording = tmp_path / "recording.wav"
    spoken = AudioSegment.silent(1500) + joined(SAMPLES / sample["filename"], pause_s=1)
    spoken.set_frame_rate(48000).export(recording, format="wav").close()
    browser = with_microphone(browser_type, recording)
    page = browser.new_context(base_url=server.url, locale="en-US").new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield page
    browser.close()


def test_a_recording_outlives_the_page_and_is_transcribed(
    microphone_page: Page, server: Server, sample: dict[str, Any]
) -> None:
    page, app = microphone_page, AppPage(microphone_page, server.url)
    warnings: list[str] = []

    def accept(dialog: Dialog) -> None:
        warnings.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.goto("/")
    page.locator("[data-sample]").first.wait_for(state="attached")
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_function("() => document.querySelector('meter').value > 0.2")
    panel = page.locator(".live")
    expect(panel).to_contain_text("Draft")
    page.set_viewport_size({"width": 390, "height": 700})
    page.locator("#page-language").select_option("es")
    buttons = page.locator(".recording button:visible")
    expect(buttons).to_have_count(2)
    assert len(set(buttons.evaluate_all("buttons => buttons.map((each) => each.offsetTop)"))) == 1  # in one row
    page.locator("#page-language").select_option("en")
    page.set_viewport_size({"width": 1280, "height": 720})
    captions = page.context.new_page()
    captions.goto("/captions.html")
    line = panel.locator(".live-lines p").first
    line.click()
    page.keyboard.press("End")
    page.keyboard.type(" indeed")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remember this").click()
    page.get_by_role("button", name="Pause").click()
    draft = panel.locator(".live-text")
    expect(draft).to_contain_text(re.compile(r"\w+ \w+"))
    expect(captions.locator(".caption")).to_contain_text(re.compile(r"\w+ \w+"))
    assert captions.evaluate("document.documentElement.scrollWidth <= innerWidth")
    captions.close()
    paused_time = page.locator("[role=timer]").inner_text()
    page.wait_for_timeout(1100)
    assert page.locator("[role=timer]").inner_text() == paused_time
    card = page.locator("job-card")
    expect(card).to_have_attribute("data-status", "pending")
    job_id = card.get_attribute("data-job") or ""
    recorded_s = app.job(job_id)["audio_duration"]
    assert recorded_s > sample["duration_s"]

    page.reload()
    assert warnings == ["beforeunload"]
    bar = page.get_by_role("group", name="Recording")
    expect(bar).to_contain_text("was interrupted")
    expect(bar.locator("[role=timer]")).to_have_text(paused_time)
    bar.get_by_role("button", name="Continue").click()
    expect(bar.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_timeout(600)
    expect(line).to_contain_text("indeed")
    line.click()
    page.keyboard.press("End")
    page.keyboard.type(" it")
    page.locator("#stop").evaluate("button => button.click()")  # the caret stays in the line
    expect(card).to_have_attribute("data-status", "completed")
    expect(card).to_contain_text(re.compile("Recording .*wav"))
    expect(panel).to_contain_text("It gets your line when you leave it")
    page.keyboard.type(" is")
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("Final text")
    assert words(draft.inner_text()) == [*words(sample["text"]), "indeed", "it", "is"]
    assert words(app.job(job_id)["result"]["text"]) == [*words(sample["text"]), "indeed", "it", "is"]
    assert len(app.job(job_id)["notes"]) == 1
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    assert app.job(job_id)["audio_duration"] > recorded_s

    page.get_by_role("button", name="Record", exact=True).click()
    expect(bar.get_by_role("button", name="Pause")).to_be_visible()
    page.evaluate(
        "navigator.mediaDevices.getDisplayMedia = async () => document.createElement('canvas').captureStream()"
    )
    menu, share = bar.locator("summary"), bar.get_by_role("button", name="Share sound")
    menu.click()
    share.click()
    expect(bar.locator("..")).to_contain_text("has no sound")
    page.evaluate("navigator.mediaDevices.getDisplayMedia = () => navigator.mediaDevices.getUserMedia({audio: true})")
    menu.click()
    share.click()
    menu.click()
    bar.get_by_role("button", name="Stop sharing").click()
    menu.click()
    expect(share).to_be_visible()
    JobCard(page, job_id).open_editor()
    expect(bar).to_be_in_viewport()  # in every view
    menu.click()
    bar.get_by_role("button", name="Discard").click()
    expect(bar).to_be_hidden()
    page.get_by_role("link", name="All transcripts").click()
    expect(card).to_have_count(1)
    assert app.unexpected_errors() == []


MEDIA_RECORDER = """async (seconds) => {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true});
  const recorder = new MediaRecorder(stream, {mimeType: "audio/webm;codecs=opus"});
  const socket = new WebSocket(`ws://${location.host}/ws/live`);
  const seen = [];
  let sent = 0, sending = Promise.resolve(), resolveStarted, resolveCompleted;
  const started = new Promise((resolve) => (resolveStarted = resolve));
  const completed = new Promise((resolve) => (resolveCompleted = resolve));
  socket.onmessage = ({data}) => {
    const message = JSON.parse(data);
    seen.push(message.type);
    if (message.type === "started") resolveStarted();
    if (message.type === "completed") resolveCompleted(message.data.result);
  };
  await new Promise((resolve) => (socket.onopen = resolve));
  socket.send(JSON.stringify({type: "start", format: "container", filename: "Memo.webm", options: {model: "demo"}}));
  await started;
  const send = async (blob) => {
    const head = new DataView(new ArrayBuffer(8));
    head.setBigUint64(0, BigInt(sent), true);
    sent += blob.size;
    socket.send(await new Blob([head, blob]).arrayBuffer());
  };
  recorder.ondataavailable = ({data}) => (sending = sending.then(() => send(data)));
  recorder.start(250);
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  await new Promise((resolve) => { recorder.onstop = resolve; recorder.stop(); });
  await sending;
  socket.send(JSON.stringify({type: "stop"}));
  return {text: (await completed).text, seen};
}"""


def test_the_webm_of_a_media_recorder_is_transcribed_while_it_grows(
    microphone_page: Page, sample: dict[str, Any]
) -> None:
    microphone_page.goto("/captions.html")
    result = microphone_page.evaluate(MEDIA_RECORDER, sample["duration_s"] + 2.5)
    assert words(result["text"]) == words(sample["text"])
    assert {"ack", "partial", "segment"} <= {*result["seen"]}
