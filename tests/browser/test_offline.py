"""As an installed app: it opens while the server is away, and is never older than the server."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.app_page import AWAY, AppPage
from tests.process.server import Server

WEB = Path(__file__).parents[2] / "web"
CONTROLLED = "() => navigator.serviceWorker.controller !== null"


def test_it_opens_without_the_server_and_goes_on_with_it(app: AppPage, server: Server) -> None:
    app.tolerated.append(AWAY)
    page = app.page
    page.wait_for_function(CONTROLLED)
    server.kill()
    page.reload()
    expect(app.banner).to_be_visible()
    expect(page.get_by_role("heading", name="Transcripts")).to_be_visible()
    page.wait_for_function("() => customElements.get('transcript-editor')")  # kept before it was needed
    server.start()
    expect(app.banner).to_be_hidden()
    expect(page.locator("[data-sample]").first).to_be_visible()


def test_the_server_is_always_newer_than_what_is_kept(app: AppPage) -> None:
    page = app.page
    page.wait_for_function(CONTROLLED)
    page.evaluate(
        """async () => {
          const cache = await caches.open("shell");
          const old = new Response("old", { headers: { "Content-Type": "text/html" } });
          await cache.put(new URL("./", document.baseURI), old);
        }"""
    )
    page.reload()
    page.locator("[data-sample]").first.wait_for()
    kept = page.evaluate(
        "async () => (await (await caches.open('shell')).keys()).map((request) => new URL(request.url).pathname)"
    )
    assert not [path for path in kept if path.startswith(("/job", "/models", "/samples", "/queue"))]


def test_the_manifest_names_icons_that_exist() -> None:
    manifest = json.loads((WEB / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert all((WEB / icon["src"]).is_file() for icon in manifest["icons"])
    assert manifest["start_url"] == manifest["scope"] == "./"
