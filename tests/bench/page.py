"""python -m tests.bench.page [--jobs 2000] [--rounds 7]: how soon the page is usable, how smoothly it scrolls, and for
how long a transcript of two hours and a job whose text comes in block it.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from localwhisper.app import SAMPLES
from tests.browser.conftest import BROWSERS, ENDLESS_S, chromium_path, repeat_samples
from tests.browser.seed_data import TALK_LINES, JobSeeder
from tests.process.server import Server

# Usable: the newest job's card is there, a model can be chosen, and clicks are handled.
USABLE = (
    "() => document.querySelector('job-card') && document.querySelector('#option-model option') && performance.now()"
)
# The page itself checks in each frame: what Playwright injects in order to wait would delay the view.
WATCH = f"(() => {{ const look = () => (window.usable = ({USABLE})()) || requestAnimationFrame(look); look(); }})()"
REST_MS = 700  # for the browser to finish with the previous page
LONG_NAME, LONG_LINES = "Two hours.opus", 1450
LONG_TASKS = """(() => {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask", buffered: true });
})()"""
# Those that no click or key has caused: https://web.dev/articles/cls calls less than 0.1 good.
LAYOUT_SHIFTS = """(() => {
  window.layoutShift = 0;
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) window.layoutShift += value;
  }).observe({ type: "layout-shift", buffered: true });
})()"""
# what is done to it, and the keys for that
ACTIONS = (
    ("correcting", "e"),
    ("ending that", "Control+Enter"),
    ("paragraphs", "p"),
    ("lines again", "p"),
    ("selecting everything", "Control+a"),
    ("searching for a frequent letter", "/", "e"),
)
SETTLED_MS = 1500
STREAM_S = 20
# Scrolls to the end of the list by half a screen per frame; returns the milliseconds between frames.
SCROLL = """() => new Promise((resolve) => {
  const frames = [];
  let [last, rest] = [performance.now(), 0];
  const step = (now) => {
    frames.push(now - last);
    last = now;
    const before = scrollY;
    scrollBy(0, innerHeight / 2);
    const ended = document.querySelector("#load-older").hidden && scrollY === before;
    rest = ended ? rest + 1 : 0;
    if (rest > 5) resolve(frames.slice(1));
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = _server(Path(folder), options.jobs)
        path = chromium_path(*BROWSERS) or chromium_path()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            print(f"{_machine()}, Chromium {browser.version}, {options.jobs} jobs")
            _first_view(browser, server, options.rounds)
            _scrolling(browser, server, options.jobs)
            _search(browser, server, options.jobs, options.rounds)
            _long_transcript(browser, server)
            _streaming(browser, server, Path(folder))
        finally:
            browser.close()
            server.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.page", description="Measure how fast the page is.")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def _server(folder: Path, n_jobs: int) -> Server:
    seeder = JobSeeder(folder / "data", min(SAMPLES.glob("*.opus"), key=lambda file: file.stat().st_size))
    for number in range(n_jobs):
        seeder.completed(f"Interview {number:04}.opus", *TALK_LINES[number % 3 :], f"Remark {number}.")
    seeder.completed(LONG_NAME, *(TALK_LINES[number % len(TALK_LINES)] for number in range(LONG_LINES)))
    server = Server(folder / "data", "--model-dir", str(folder / "models")).start()
    for number in (0, n_jobs - 1):  # until the background task has indexed every text
        while not server.request("GET", f"/jobs?q=remark+{number}.&limit=1")["jobs"]:
            time.sleep(0.1)
    return server


def _first_view(browser: Browser, server: Server, rounds: int) -> None:
    """With a new profile each time, so that nothing is cached."""
    times, shifts = [], []
    for _ in range(rounds):
        context = browser.new_context(base_url=server.url)
        context.add_init_script(WATCH)
        context.add_init_script(LAYOUT_SHIFTS)
        page = context.new_page()
        page.wait_for_timeout(REST_MS)
        page.goto("/")
        page.wait_for_timeout(REST_MS)
        times.append(page.wait_for_function("window.usable").json_value())
        shifts.append(page.evaluate("window.layoutShift"))
        context.close()
    _report("first view usable", times, "ms")
    print(f"layout shift meanwhile: at most {max(shifts):.3f}")


def _scrolling(browser: Browser, server: Server, n_jobs: int) -> None:
    page = _open(browser, server)
    frames = sorted(page.evaluate(SCROLL))
    cards = page.locator("job-card").count()
    assert cards == n_jobs + 1, f"{cards} cards"
    late = sum(frame > 50 for frame in frames)
    p95 = frames[round(0.95 * (len(frames) - 1))]
    print(
        f"scrolling through all: {len(frames)} frames, median {statistics.median(frames):.1f} ms, "
        f"95th percentile {p95:.1f} ms, longest {frames[-1]:.0f} ms, {late} over 50 ms"
    )
    page.close()


def _search(browser: Browser, server: Server, n_jobs: int, rounds: int) -> None:
    page = _open(browser, server)
    field, hit = page.locator("history-filter input"), page.locator("mark")
    times = []
    for number in range(rounds):
        began = page.evaluate("performance.now()")
        wanted = str(number * 97 % n_jobs)
        field.fill(f"remark {wanted}")
        hit.get_by_text(wanted, exact=True).first.wait_for()
        times.append(page.evaluate("performance.now()") - began)
    _report("search results shown (including 200 ms of waiting for the next key)", times, "ms")
    page.close()


def _long_transcript(browser: Browser, server: Server) -> None:
    """Opening, correcting and reading in paragraphs; a task of more than 50 ms delays what users do meanwhile."""
    job_id = server.request("GET", "/jobs?q=two+hours")["jobs"][0]["job_id"]
    page = _open(browser, server)
    page.wait_for_timeout(SETTLED_MS)  # the desk's modules are loaded
    page.evaluate(LONG_TASKS)
    page.evaluate(LAYOUT_SHIFTS)
    lines = f"() => document.querySelectorAll('[data-segment]').length === {LONG_LINES} && performance.now()"
    began = page.evaluate(f"() => {{ location.hash = '#/job/{job_id}'; return performance.now(); }}")
    opened_ms = page.wait_for_function(lines).json_value() - began
    tasks = [f"opening {_longest(page)}"]
    shift = page.evaluate("window.layoutShift")
    for name, *keys in ACTIONS:
        for key in keys:
            page.keyboard.press(key)
        tasks.append(f"{name} {_longest(page)}")
    print(f"{LONG_LINES} lines: opened after {opened_ms:.0f} ms, layout shift {shift:.3f}")
    print(f"longest task of {', '.join(tasks)}")
    page.close()


def _streaming(browser: Browser, server: Server, folder: Path) -> None:
    """While the text of a job comes in: in the list, and on its desk."""
    samples = json.loads((SAMPLES / "samples.json").read_text(encoding="utf-8"))
    page = _open(browser, server)
    page.wait_for_timeout(SETTLED_MS)
    page.evaluate(LONG_TASKS)
    job_id = server.submit(repeat_samples(samples, folder / "endless.wav", ENDLESS_S), model="demo")
    page.locator(f"[data-job='{job_id}'] progress").wait_for()
    in_list = _longest(page, 1000 * STREAM_S)
    page.evaluate(f"location.hash = '#/job/{job_id}'")
    page.locator("transcript-editor [data-segment]").nth(30).wait_for()
    page.evaluate("window.longTasks.splice(0)")
    on_desk = _longest(page, 1000 * STREAM_S)
    lines = page.locator("transcript-editor [data-segment]").count()
    print(f"while text comes in: longest task {in_list} in the list, {on_desk} on the desk (then {lines} lines)")
    server.request("DELETE", f"/job/{job_id}")
    page.close()


def _longest(page: Page, during_ms: float = SETTLED_MS) -> str:
    page.wait_for_timeout(during_ms)
    tasks = page.evaluate("window.longTasks.splice(0)")
    return f"{max(tasks):.0f} ms" if tasks else "under 50 ms"


def _open(browser: Browser, server: Server) -> Page:
    page = browser.new_page(base_url=server.url, viewport={"width": 1280, "height": 900})
    page.goto("/")
    page.wait_for_function(USABLE)
    return page


def _report(what: str, values: list[Any], unit: str) -> None:
    print(f"{what}: median {statistics.median(values):.0f} {unit}, {min(values):.0f} to {max(values):.0f}")


def _machine() -> str:
    cpus = Path("/proc/cpuinfo")
    names = (
        [line.split(": ")[1] for line in cpus.read_text().splitlines() if line.startswith("model name")]
        if cpus.exists()
        else []
    )
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
