"""A model that is not here: its download is offered, shows how far it is, and says why it failed."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.process.server import Server

SIZE = 3_000_000
HALF = SIZE // 2


class Mirror(http.server.BaseHTTPRequestHandler):
    """Sends half of a file that is no model, and the rest when it is let."""

    go_on = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(SIZE))
        self.end_headers()
        self.wfile.write(bytes(HALF))
        self.wfile.flush()
        Mirror.go_on.wait(60)
        self.wfile.write(bytes(SIZE - HALF))

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirrored(tmp_path: Path) -> Iterator[Server]:
    """A server that gets its models from a mirror here."""
    mirror = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=mirror.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{mirror.server_address[1]}"
    server = Server(tmp_path / "data", "--model-dir", str(tmp_path / "models"), "--model-mirror", address).start()
    yield server
    Mirror.go_on.set()
    server.stop()
    mirror.shutdown()
    thread.join()
    mirror.server_close()


def test_a_download_is_offered_and_followed(browser: Browser, mirrored: Server) -> None:
    page = browser.new_page(base_url=mirrored.url, locale="en-US")
    desk = Desk(page, mirrored.url)
    page.goto("/")
    page.locator("[data-sample]").first.wait_for()
    note = page.locator("model-note")
    expect(note).to_contain_text("download one of the larger models")
    page.locator("#model").select_option("tiny")
    expect(note).to_contain_text("is not on this machine yet")
    note.get_by_role("button", name="Download tiny").click()
    expect(note).to_contain_text("1.5 MB of 3 MB")
    expect(note.get_by_role("button", name="Download tiny")).to_be_hidden()
    expect(page.locator("#model option:checked")).to_contain_text("downloading")
    Mirror.go_on.set()
    expect(note.get_by_role("alert")).to_be_visible()  # what came was no model
    expect(note.get_by_role("button", name="Download tiny")).to_be_visible()
    assert desk.complaints() == []
    page.close()
