"""The service worker and the manifest: the page opens without the server, and is never older than the server."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.app_page import SERVER_UNREACHABLE, AppPage
from tests.process.server import Server

WEB = Path(__file__).parents[2] / "web"
HAS_SERVICE_WORKER = "() => navigator.serviceWorker.controller !== null"


def test_the_page_opens_offline_and_resumes(app: AppPage, server: Server) -> None:
    app.allowed_errors.append(SERVER_UNREACHABLE)
    page = app.page
    page.wait_for_function(HAS_SERVICE_WORKER)
    server.kill()
    page.reload()
    expect(app.banner).to_be_visible()
    expect(page.get_by_role("heading", name="Transcripts")).to_be_visible()
    page.locator("html[data-recording]").wait_for()  # the deferred modules, too, were cached
    server.start()
    expect(app.banner).to_be_hidden()
    expect(page.locator("[data-sample]").first).to_be_attached()


def test_the_cache_is_only_used_offline(app: AppPage) -> None:
    page = app.page
    page.wait_for_function(HAS_SERVICE_WORKER)
    page.evaluate(
        """async () => {
          const cache = await caches.open("shell");
          const old = new Response("old", { headers: { "Content-Type": "text/html" } });
          await cache.put(new URL("./", document.baseURI), old);
        }"""
    )
    page.reload()
    page.locator("[data-sample]").first.wait_for(state="attached")
    cached_paths = page.evaluate(
        "async () => (await (await caches.open('shell')).keys()).map((request) => new URL(request.url).pathname)"
    )
    assert not [path for path in cached_paths if path.startswith(("/job", "/models", "/samples", "/queue"))]


def test_the_icons_of_the_manifest_exist() -> None:
    manifest = json.loads((WEB / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert all((WEB / icon["src"]).is_file() for icon in manifest["icons"])
    assert manifest["start_url"] == manifest["scope"] == "./"
