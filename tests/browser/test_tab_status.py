"""Progress in the tab's title and icon; notifications, offered only when a job takes long."""

import json
import re
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
FAKE_NOTIFICATIONS = """
Object.defineProperty(document, "hidden", { get: () => true });
globalThis.shown = [];
globalThis.Notification = class {
  static permission = "default";
  static requests = 0;
  static async requestPermission() { this.requests += 1; return (this.permission = "granted"); }
  constructor(title, { body }) { shown.push(body); }
};
"""


class FakeServerMessages:
    """Injects messages into the page's WebSocket."""

    def __init__(self, page: Page) -> None:
        self._socket: WebSocketRoute | None = None
        page.route_web_socket("**/ws/queue*", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        self._socket = socket

    def send_job(self, **changes: Any) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps({"type": "job", "job_id": JOB["job_id"], "data": {**JOB, **changes}}))


def test_title_icon_and_notification_follow_the_jobs(library_context: BrowserContext) -> None:
    page = library_context.new_page()
    page.add_init_script(FAKE_NOTIFICATIONS)
    server = FakeServerMessages(page)
    page.goto("/")
    page.locator("job-card").first.wait_for()
    icon = page.locator("link[rel=icon]")
    default_icon = icon.get_attribute("href")

    server.send_job(estimated_time_remaining=4, progress=42.0)
    expect(page).to_have_title("42% · lecture.mp3")
    expect(icon).to_have_attribute("href", re.compile("data:image/"))
    expect(page.locator("toast-message")).to_be_hidden()  # four seconds are too short for a notification

    server.send_job(estimated_time_remaining=600, progress=50.0)
    expect(page.locator("toast-message")).to_contain_text("This will take a while")
    assert page.evaluate("Notification.requests") == 0
    page.get_by_role("button", name="Notify me").click()
    page.wait_for_function("() => Notification.requests === 1")

    server.send_job(status="completed", progress=100.0)
    page.wait_for_function("() => shown.length")
    assert page.evaluate("shown") == ["lecture.mp3: the transcript is ready."]
    expect(page).to_have_title("localwhisper")
    expect(icon).to_have_attribute("href", re.compile(f"(^|/){re.escape(default_icon or '')}$"))
