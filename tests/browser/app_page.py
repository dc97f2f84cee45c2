"""Page objects: what a user sees and does on the page, and the errors and requests of the browser meanwhile."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, FilePayload, Locator, Page, Request, expect

SERVER_UNREACHABLE = re.compile(r"WebSocket connection to .* failed|net::ERR_")
CLIENT_ERROR = re.compile(r"Failed to load resource: .* status of 4\d\d")
STATUS_TIMEOUT_MS = 180_000  # with a real model, on a busy machine
WAIT_S = 60
# the texts that a CSS highlight marks
HIGHLIGHTED = """(name) => [...(CSS.highlights.get(name) ?? [])].map(
  ({startContainer, startOffset, endOffset}) => startContainer.data.slice(startOffset, endOffset))"""


def words(text: str) -> list[str]:
    """Lower-case words, without punctuation."""
    return re.findall(r"\w+", text.casefold())


def wait_until(page: Page, condition: Callable[[], object]) -> None:
    """Of what isn't on the page."""
    until_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < until_s
        page.wait_for_timeout(10)


class JobCard:
    """One job in the list."""

    def __init__(self, page: Page, job_id: str) -> None:
        self.job_id = job_id
        self.page = page
        self.element = page.locator(f"job-card[data-job='{job_id}']")

    def expect_status(self, status: str) -> None:
        expect(self.element).to_have_attribute("data-status", status, timeout=STATUS_TIMEOUT_MS)

    @property
    def preview(self) -> Locator:
        return self.element.locator(".preview")

    @property
    def lines(self) -> Locator:
        """On the desk, once it is open."""
        return self.page.locator("transcript-editor [data-segment]")

    @property
    def segment_ids(self) -> list[int]:
        ids: list[int] = self.lines.evaluate_all("lines => lines.map((line) => Number(line.dataset.segment))")
        return ids

    @property
    def text(self) -> str:
        return " ".join(self.lines.locator(".line-text").all_text_contents())

    def open_editor(self) -> None:
        self.element.locator("a.name[href]").click()
        expect(self.lines.first).to_be_visible()

    def close_editor(self) -> None:
        self.page.get_by_role("link", name="All transcripts").click()

    def choose(self, name: str) -> None:
        """An item of the card's menu."""
        self.element.locator("summary").click()
        self.element.get_by_role("button", name=name, exact=True).click()

    def click(self, name: str) -> None:
        self.element.get_by_role("button", name=name, exact=True).click()


class AppPage:
    """The page. It records console errors, and requests to other servers."""

    def __init__(self, page: Page, server_url: str) -> None:
        self.page = page
        self.foreign_requests: list[str] = []
        self.allowed_errors: list[re.Pattern[str]] = []
        self._server_url = server_url
        self._errors: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("request", self._on_request)
        page.on("websocket", lambda socket: self._record_foreign(socket.url))

    def unexpected_errors(self) -> list[str]:
        return [text for text in self._errors if not any(pattern.search(text) for pattern in self.allowed_errors)]

    def card(self, filename: str) -> JobCard:
        """The newest job with this name. It stays the same job when newer ones are added."""
        name = self.page.locator(".name", has_text=re.compile(f"^{re.escape(filename)}$"))
        return JobCard(self.page, self.page.locator("job-card", has=name).first.get_attribute("data-job") or "")

    def upload(self, filename: str) -> Locator:
        return self.page.locator("upload-card", has_text=filename)

    def choose_files(self, *files: Path | FilePayload) -> None:
        chosen: Any = [str(file) if isinstance(file, Path) else file for file in files]
        self.page.locator("#files").set_input_files(chosen)

    def job(self, job_id: str) -> dict[str, Any]:
        """As the API has it."""
        body: dict[str, Any] = self.page.request.get(f"{self._server_url}/job/{job_id}").json()
        return body

    @property
    def banner(self) -> Locator:
        return self.page.locator("connection-banner .banner")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append(message.text)

    def _on_request(self, request: Request) -> None:
        self._record_foreign(request.url)

    def _record_foreign(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self._server_url).netloc:
            self.foreign_requests.append(url)
