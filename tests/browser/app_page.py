"""What a person sees and does on the page, in words; and what the browser complains about meanwhile."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, FilePayload, Locator, Page, Request, expect

AWAY = re.compile(r"WebSocket connection to .* failed|net::ERR_")  # what a browser says of a server that is gone
REFUSED = re.compile(r"Failed to load resource: .* status of 4\d\d")


def words(text: str) -> list[str]:
    """Without case and punctuation."""
    return re.findall(r"\w+", text.casefold())


class Card:
    """One job."""

    def __init__(self, page: Page, job_id: str) -> None:
        self.job_id = job_id
        self.page = page
        self.element = page.locator(f"job-card[data-job='{job_id}']")

    def expect_status(self, status: str) -> None:
        expect(self.element).to_have_attribute("data-status", status, timeout=60_000)

    @property
    def lines(self) -> Locator:
        return self.element.locator("[data-segment]")

    @property
    def segment_ids(self) -> list[int]:
        ids: list[int] = self.lines.evaluate_all("lines => lines.map((line) => Number(line.dataset.segment))")
        return ids

    @property
    def text(self) -> str:
        return " ".join(self.lines.locator("span").all_inner_texts())

    def read(self) -> None:
        """Open the app."""
        link = self.element.get_by_role("link", name="Read and listen")
        if not link.is_visible():
            self.element.locator(".toggle").click()
        link.click()
        expect(self.page.locator("transcript-editor [data-segment]").first).to_be_visible()

    def press(self, name: str) -> None:
        self.element.get_by_role("button", name=name, exact=True).click()


class AppPage:
    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.elsewhere: list[str] = []
        self.tolerated: list[re.Pattern[str]] = []
        self._address = address
        self._errors: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("request", self._on_request)
        page.on("websocket", lambda socket: self._note_address(socket.url))

    def complaints(self) -> list[str]:
        return [text for text in self._errors if not any(each.search(text) for each in self.tolerated)]

    def card(self, filename: str) -> Card:
        """The newest job of this name; stays with it when newer ones come."""
        name = self.page.locator(".name", has_text=re.compile(f"^{re.escape(filename)}$"))
        return Card(self.page, self.page.locator("job-card", has=name).first.get_attribute("data-job") or "")

    def upload(self, filename: str) -> Locator:
        return self.page.locator("upload-card", has_text=filename)

    def choose(self, *files: Path | FilePayload) -> None:
        chosen: Any = [str(file) if isinstance(file, Path) else file for file in files]
        self.page.locator("#files").set_input_files(chosen)

    def job(self, job_id: str) -> dict[str, Any]:
        body: dict[str, Any] = self.page.request.get(f"{self._address}/job/{job_id}").json()
        return body

    away = AWAY

    @property
    def banner(self) -> Locator:
        return self.page.locator("connection-banner .banner")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._errors.append(message.text)

    def _on_request(self, request: Request) -> None:
        self._note_address(request.url)

    def _note_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self._address).netloc:
            self.elsewhere.append(url)
