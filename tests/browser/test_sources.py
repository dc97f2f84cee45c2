"""The page's pure parts without a browser, its texts, its size."""

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"
MAX_BYTES = 160_000  # of code and style, as written
DYNAMIC = ("status.", "upload.", "said.", "edit.", "theme.")  # t(`status.${…}`)


def sources() -> str:
    files = [*WEB.glob("*.html"), *(file for file in WEB.rglob("*.js") if file.name != "texts.js")]
    return "".join(file.read_text(encoding="utf-8") for file in files)


def test_times_corrections_words_and_tables() -> None:
    ended = subprocess.run(["node", "--test", str(HERE)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-4000:]


def test_no_text_is_missing_and_none_unused() -> None:
    known = set(re.findall(r'^\t"?([\w.]+)"?:', (WEB / "js/texts.js").read_text(encoding="utf-8"), re.MULTILINE))
    text = sources()
    unused = {key for key in known if f'"{key}"' not in text and not key.startswith(DYNAMIC)}
    asked = re.findall(r'\bt\("([\w.]+)"|data-i18n(?:-label|-placeholder)?="([\w.]+)"', text)
    assert unused == set()
    assert {one or other for one, other in asked} <= known


def test_the_page_is_small() -> None:
    files = [file for file in WEB.rglob("*") if file.suffix in (".js", ".css")]
    assert sum(file.stat().st_size for file in files) < MAX_BYTES


def test_every_module_is_announced() -> None:
    """One after the other, as the imports name them, they would come late. The app's come after the first view."""
    page = (WEB / "index.html").read_text(encoding="utf-8")
    needed, waiting = set(), {WEB / "js/main.js"}
    while waiting:
        file = waiting.pop()
        imports = re.findall(r'^import .* from "(.*)";', file.read_text(encoding="utf-8"), re.MULTILINE)
        waiting |= {(file.parent / name).resolve() for name in imports} - needed
        needed |= waiting
    announced = re.findall(r'<link rel="modulepreload" href="(.*)">', page)
    assert sorted(announced) == sorted(file.relative_to(WEB).as_posix() for file in needed)


def test_every_symbol_is_there() -> None:
    named = re.search(r"type IconName = (.*);", (WEB / "js/types.d.ts").read_text(encoding="utf-8"))
    assert named is not None
    page = (WEB / "index.html").read_text(encoding="utf-8")
    symbols = re.findall(r'<symbol id="i-(\w+)"', page)
    assert sorted(symbols) == sorted(re.findall(r'"(\w+)"', named[1]))
    assert all(f'"{name}"' in sources() or f'"#i-{name}"' in page for name in symbols)
