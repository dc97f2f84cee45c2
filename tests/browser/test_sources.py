"""The page's sources: types, unit tests in node, complete texts, preloaded modules, size."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"
# of code and style, comments not counted
MAX_FIRST_VIEW_BYTES = 157_000  # what the list of jobs loads
MAX_BYTES = 341_300  # with the desk, the dialogs and the other pages, which are loaded later
COMMENT = re.compile(r"/\*.*?\*/|(?<!\S)//[^\n]*", re.DOTALL)
# t(`status.${…}`)
KINDS = "purpose status upload announce edit theme time format preset problem channel export"
DYNAMIC = tuple(f"{kind}." for kind in KINDS.split())


def sources() -> str:
    files = [*WEB.glob("*.html"), *(file for file in WEB.rglob("*.js") if file.name != "texts.js")]
    return "".join(file.read_text(encoding="utf-8") for file in files)


def test_tsc_finds_no_type_errors() -> None:
    command = [str(HERE / "node_modules/.bin/tsc"), "--project", str(HERE)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_units_in_node() -> None:
    result = subprocess.run(["node", "--test", str(HERE)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:]


def test_no_text_is_missing_or_unused() -> None:
    keys, group = set(), ""
    for line in (WEB / "js/texts.js").read_text(encoding="utf-8").splitlines():
        if begun := re.match(r"\t(\w+): {", line):
            group = begun[1]
        elif named := re.match(r"\t\t(\w+): ", line):
            keys.add(f"{group}.{named[1]}")
    assert len(keys) > 300
    text = sources()
    unused = {key for key in keys if f'"{key}"' not in text and not key.startswith(DYNAMIC)}
    used = re.findall(r'\bt\("([\w.]+)"|data-i18n(?:-label|-placeholder)?="([\w.]+)"', text)
    assert unused == set()
    assert {in_code or in_html for in_code, in_html in used} <= keys


def size_bytes(files: Iterable[Path]) -> int:
    return sum(len(COMMENT.sub("", file.read_text(encoding="utf-8")).encode()) for file in files)


def test_the_page_is_small() -> None:
    page = (WEB / "index.html").read_text(encoding="utf-8")
    first_view = [WEB / name for name in re.findall(r'(?:src|href)="((?:css|js)/[^"]*)"(?! disabled)', page)]
    assert size_bytes(first_view) < MAX_FIRST_VIEW_BYTES
    assert size_bytes(file for file in WEB.rglob("*") if file.suffix in (".js", ".css")) < MAX_BYTES


def test_the_modules_of_the_first_view_are_preloaded() -> None:
    """Found through imports alone, they would load one after the other. The editor's modules load later."""
    page = (WEB / "index.html").read_text(encoding="utf-8")
    needed, waiting = set(), {WEB / "js/main.js"}
    while waiting:
        file = waiting.pop()
        imports = re.findall(r'^import .* from "(.*)";', file.read_text(encoding="utf-8"), re.MULTILINE)
        waiting |= {(file.parent / name).resolve() for name in imports} - needed
        needed |= waiting
    preloaded = re.findall(r'<link rel="modulepreload" href="(.*)">', page)
    assert sorted(preloaded) == sorted(file.relative_to(WEB).as_posix() for file in needed)


def test_no_style_is_unused() -> None:
    """Classes and ids in selectors are those of an element, and variables have a value and a use."""
    style = "".join(COMMENT.sub("", file.read_text(encoding="utf-8")) for file in WEB.rglob("*.css"))
    selectors = "".join(re.findall(r"[^{};]+(?={)", style))
    written = set(re.findall(r"[\w-]+", sources()))
    assert set(re.findall(r"[.#]([a-z][\w-]*)", selectors)) <= written
    variables = set(re.findall(r"(--[\w-]+):", style))
    assert variables == set(re.findall(r"var\((--[\w-]+)", style)) - {"--count", "--caption-size"}  # which scripts set


def test_the_icons_match_their_type() -> None:
    declared = re.search(r"type IconName = (.*);", (WEB / "js/types.d.ts").read_text(encoding="utf-8"))
    assert declared is not None
    page = (WEB / "index.html").read_text(encoding="utf-8")
    symbols = re.findall(r'<symbol id="i-(\w+)"', page)
    assert sorted(symbols) == sorted(re.findall(r'"(\w+)"', declared[1]))
    assert all(f'"{name}"' in sources() or f'"#i-{name}"' in page for name in symbols)
