"""Pages of other sites can't use the server; a user who knows the token can sign in."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT_MS, Server

ATTACK = """
<!doctype html><body>
<iframe name="hole" style="width:300px"></iframe><iframe id="frame" src="{target}/"></iframe>
<form id="form" method="post" action="{target}/queue/restart" target="hole" enctype="text/plain"><input name="a"></form>
<form id="upload" method="post" action="{target}/transcribe-job" target="hole" enctype="multipart/form-data">
  <input name="model" value="demo"></form>
<script>
const target = "{target}", job = "{job}";
const shown = (make) => new Promise((resolve) => {{
  const element = make();
  element.onload = () => resolve("loaded");
  element.onerror = () => resolve("nothing");
  document.body.append(element);
}});
const element = (tag, address) => () => Object.assign(document.createElement(tag), {{ src: target + address }});
const read = (address, options) => fetch(target + address, options).then(
  async (answer) => answer.type === "opaque" ? "opaque" : "read: " + await answer.text(), () => "nothing");
const form = () => {{
  const data = new FormData();
  data.append("file", new Blob(["x"]), "a.wav");
  return data;
}};
const socket = (address) => new Promise((resolve) => {{
  const opened = new WebSocket(target.replace("http", "ws") + address);
  opened.onopen = () => resolve("open");
  opened.onerror = () => resolve("nothing");
}});
async function attack() {{
  document.querySelector("#form").submit();
  document.querySelector("#upload").submit();
  return {{
    jobs: await read("/jobs"),
    json: await read("/queue/restart", {{ method: "POST", headers: {{ "Content-Type": "application/json" }} }}),
    remove: await read(`/job/${{job}}?remove=true`, {{ method: "DELETE" }}),
    upload: await read("/transcribe-job", {{ method: "POST", body: form() }}),
    blind: await read("/queue/restart", {{ method: "POST", mode: "no-cors" }}),
    blindUpload: await read("/transcribe-job", {{ method: "POST", mode: "no-cors", body: form() }}),
    beacon: navigator.sendBeacon(target + "/queue/restart", "x") && "sent",
    queueSocket: await socket("/ws/queue"),
    jobSocket: await socket(`/ws/transcription/${{job}}`),
    image: await shown(element("img", "/favicon.svg")),
    audio: await new Promise((resolve) => {{
      const audio = new Audio(`${{target}}/job/${{job}}/audio`);
      audio.onloadedmetadata = () => resolve("loaded");
      audio.onerror = () => resolve("nothing");
      audio.load();
    }}),
    script: await shown(element("script", "/js/theme-boot.js")),
  }};
}}
</script>
"""


@pytest.fixture
def foreign_site(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder, and the port it is served on."""
    folder = tmp_path / "foreign"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield folder, site.server_address[1]
    site.shutdown()
    thread.join()
    site.server_close()


@pytest.mark.parametrize("host", ["evil.localhost", "localhost"])
def test_pages_of_other_sites_are_refused(
    browser: Browser, library_server: Server, foreign_site: tuple[Path, int], host: str
) -> None:
    server = library_server
    folder, port = foreign_site
    jobs = server.request("GET", "/jobs")
    job_id = jobs["jobs"][0]["job_id"]
    before = server.request("GET", f"/job/{job_id}")
    (folder / "attack.html").write_text(ATTACK.format(target=server.url, job=job_id))
    page = browser.new_page()
    statuses: dict[str, set[int]] = {}
    page.on(
        "response",
        lambda answer: (
            statuses.setdefault(answer.url.removeprefix(server.url), set()).add(answer.status)
            if answer.url.startswith(server.url)
            else None
        ),
    )
    page.goto(f"http://{host}:{port}/attack.html")
    outcomes = page.evaluate("attack()")
    while not {"/", "/transcribe-job"} <= set(statuses):  # of the frame and the forms; CORS hides the others
        page.wait_for_event("response", timeout=TIMEOUT_MS)
    page.wait_for_timeout(300)
    page.close()
    assert outcomes.pop("beacon") == "sent"
    assert {outcomes.pop("blind"), outcomes.pop("blindUpload")} <= {"opaque", "nothing"}
    assert set(outcomes.values()) == {"nothing"}, outcomes
    assert {status for each in statuses.values() for status in each} == {403}, statuses
    assert server.request("GET", f"/job/{job_id}") == before
    assert server.request("GET", "/jobs") == jobs


def test_a_rebound_host_name_is_refused(browser: Browser, library_server: Server) -> None:
    page = browser.new_page()
    answer = page.goto(f"http://rebound.localhost:{library_server.port}/")
    assert answer is not None
    assert (answer.status, answer.json()["error"]["code"]) == (403, "forbidden_host")
    page.close()


def test_signing_in_with_the_token(browser: Browser, tmp_path: Path, clip: Path) -> None:
    server = Server(tmp_path / "data", "--token", "open sesame", "--model-dir", str(tmp_path)).start()
    context = browser.new_context(base_url=server.url, locale="en-US")
    context.set_default_timeout(TIMEOUT_MS)
    try:
        page: Page = context.new_page()
        page.goto("/")
        page.get_by_label("Token").fill("sesame")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("This is not the server's token.")
        page.wait_for_timeout(1100)  # wrong tokens are throttled
        page.get_by_label("Token").fill("open sesame")
        page.get_by_role("button", name="Sign in").click()
        page.locator("[data-sample]").first.wait_for(state="attached")
        page.locator("#files").set_input_files(str(clip))
        page.locator("job-card").first.wait_for()
        assert page.evaluate("document.cookie") == ""
        (cookie,) = context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        again = context.new_page()
        again.goto("/")
        again.locator("job-card").first.wait_for()
        playable = "(address) => new Promise((yes) => { const a = new Audio(address); a.oncanplay = () => yes(true);"
        job_id = again.locator("job-card").first.get_attribute("data-job")
        assert again.evaluate(playable + " a.onerror = () => yes(false); a.load(); })", f"job/{job_id}/audio")
    finally:
        context.close()
        server.stop()
