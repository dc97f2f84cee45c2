"""python -m tests.bench.record [build/bench/bench.json]: a report → docs/bench.json, docs/bench.svg, README's table."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.bench import chart

ROOT = Path(__file__).parent.parent.parent
BEGIN, END = "<!-- from docs/bench.json -->\n", "<!-- end -->\n"
STOCK, THEIRS = "openai-whisper", "CTranslate2 int8"
QUALITIES = ("exact", "fast")
COLUMNS = (  # heading, part of the run, against whom
    ("a window, against openai-whisper", "one window", STOCK),
    ("against CTranslate2 int8", "one window", THEIRS),
    ("8 windows, against CTranslate2 int8", "8 windows", THEIRS),
    ("a clip of 5 s, against openai-whisper", "5-s clip", STOCK),
)


def table(report: dict[str, Any]) -> str:
    """Markdown: times as fast, median (lowest to highest); resident memory and load times."""
    lines = [f"| | {' | '.join(heading for heading, _, _ in COLUMNS)} | 3 jobs at once |", "| --- " * 6 + "|"]
    for run in report["runs"].values():
        for quality in QUALITIES:
            name = f"localwhisper {quality}"
            jobs = f"{name}, 3 at once / {name}, one after the other"
            cells = [_cell(run.get(part, {}).get(f"{name} / {to}")) for _, part, to in COLUMNS]
            cells.append(_cell(run.get("jobs", {}).get(jobs)))
            threads = f"{run['threads']} thread{'s' * (run['threads'] > 1)}"
            lines.append(f"| {run['size']} {quality}, {threads} | {' | '.join(cells)} |")
    lines += ["", "| load in s, memory in MiB | openai-whisper | CTranslate2 int8 | exact | fast |", "| --- " * 5 + "|"]
    for run in report["runs"].values():
        if "memory" in run and run["threads"] == 1:
            names = (STOCK, THEIRS, *(f"localwhisper {quality}" for quality in QUALITIES))
            found = [run["memory"][name] for name in names]
            cells = [f"{one['load_s']:.1f} s, {one['steady_mib']:.0f}" for one in found]
            lines.append(f"| {run['size']} | {' | '.join(cells)} |")
    machine = report["machine"]
    origin = f"{machine['processor']}, {machine['cores']} cores, {machine['capability']}, torch {machine['torch']}"
    commits = ", ".join(dict.fromkeys(run["commit"] for run in report["runs"].values()))
    return "\n".join([*lines, "", f"{origin}; measured at {commits}.", ""])


def _cell(ratio: dict[str, float] | None) -> str:
    return f"{ratio['median']:.2f}× ({ratio['low']:.2f}–{ratio['high']:.2f})" if ratio else ""


def svg(report: dict[str, Any]) -> str:
    rows = []
    for run in report["runs"].values():
        for name in (THEIRS, *(f"localwhisper {quality}" for quality in QUALITIES)):
            found = run.get("one window", {}).get(f"{name} / {STOCK}")
            if found:
                rows.append((f"{run['size']}, {run['threads']} threads: {name}", name, found["median"]))
    return chart.svg("Speed against openai-whisper, one window", rows)


def with_table(readme: str, report: dict[str, Any]) -> str:
    before, rest = readme.split(BEGIN)
    return before + BEGIN + table(report) + END + rest.split(END, 1)[1]


def main() -> None:
    report = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "build/bench/bench.json").read_text())
    (ROOT / "docs" / "bench.json").write_text(json.dumps(report, indent=1) + "\n")
    (ROOT / "docs" / "bench.svg").write_text(svg(report))
    readme = ROOT / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), report), encoding="utf-8")


if __name__ == "__main__":
    main()
