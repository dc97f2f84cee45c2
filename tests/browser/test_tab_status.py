"""What a tab tells while nobody looks: title, icon, a notification that is asked for only when first useful."""

import json
from typing import Any

from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

JOB = {
    "job_id": "00000000-0000-4000-8000-000000000001",
    "status": "processing",
    "progress": 0.0,
    "message": "",
    "created_at": "2026-05-01T10:00:00Z",
    "filename": "lecture.mp3",
    "model": "demo",
}
STAND_IN = """
Object.defineProperty(document, "hidden", { get: () => true });
globalThis.told = [];
globalThis.Notification = class {
  static permission = "default";
  static asked = 0;
  static async requestPermission() { this.asked += 1; return (this.permission = "granted"); }
  constructor(title, { body }) { told.push(body); }
};
"""


class Wire:
    """The page's socket, on which a test can say what a server would."""

    def __init__(self, page: Page) -> None:
        self._socket: WebSocketRoute | None = None
        page.route_web_socket("**/ws/queue*", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        self._socket = socket

    def job(self, **change: Any) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps({"type": "job", "job_id": JOB["job_id"], "data": {**JOB, **change}}))


def test_title_icon_and_notification(library_context: BrowserContext) -> None:
    page = library_context.new_page()
    page.add_init_script(STAND_IN)
    wire = Wire(page)
    page.goto("/")
    page.locator("job-card").first.wait_for()
    icon = page.locator("link[rel=icon]")
    plain = icon.get_attribute("href")

    wire.job(estimated_time_remaining=4, progress=42.0)
    expect(page).to_have_title("42% · lecture.mp3")
    assert "data:image/" in (icon.get_attribute("href") or "")
    expect(page.locator("toast-message")).to_be_hidden()  # four seconds: nobody goes away for that

    wire.job(estimated_time_remaining=600, progress=50.0)
    expect(page.locator("toast-message")).to_contain_text("This takes a while")
    assert page.evaluate("Notification.asked") == 0
    page.get_by_role("button", name="Tell me").click()
    page.wait_for_function("() => Notification.asked === 1")

    wire.job(status="completed", progress=100.0)
    page.wait_for_function("() => told.length")
    assert page.evaluate("told") == ["lecture.mp3: the transcript is ready."]
    expect(page).to_have_title("localwhisper")
    assert page.evaluate("new URL(document.querySelector('link[rel=icon]').href).pathname") == f"/{plain}"
