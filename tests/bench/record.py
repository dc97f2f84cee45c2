"""python -m tests.bench.record [build/bench/bench.json]: put a report into docs/."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.bench import chart

ROOT = Path(__file__).parent.parent.parent
BEGIN, END = "<!-- from docs/bench.json -->\n", "<!-- end -->\n"
OPENAI, CTRANSLATE2 = "openai-whisper", "CTranslate2 int8"
QUALITIES = ("exact", "fast")
COLUMNS = (  # heading, part of the run, compared with
    ("1 window vs openai-whisper", "one window", OPENAI),
    ("1 window vs CTranslate2 int8", "one window", CTRANSLATE2),
    ("8 windows vs CTranslate2 int8", "8 windows", CTRANSLATE2),
    ("5-s clip vs openai-whisper", "5-s clip", OPENAI),
)


def table(report: dict[str, Any]) -> str:
    """Markdown tables: speed-ups as median (lowest–highest), then load times and resident memory."""
    lines = [
        f"| | {' | '.join(heading for heading, _, _ in COLUMNS)} | 3 jobs in parallel vs in sequence |",
        "| --- " * 6 + "|",
    ]
    for run in report["runs"].values():
        for quality in QUALITIES:
            name = f"localwhisper {quality}"
            jobs = f"{name}, 3 at once / {name}, one after the other"
            cells = [_cell(run.get(part, {}).get(f"{name} / {to}")) for _, part, to in COLUMNS]
            cells.append(_cell(run.get("jobs", {}).get(jobs)))
            threads = f"{run['threads']} thread{'s' * (run['threads'] > 1)}"
            lines.append(f"| {run['size']} {quality}, {threads} | {' | '.join(cells)} |")
    lines += ["", "| load time, memory in MiB | openai-whisper | CTranslate2 int8 | exact | fast |", "| --- " * 5 + "|"]
    for run in report["runs"].values():
        if "memory" in run and run["threads"] == 1:
            names = (OPENAI, CTRANSLATE2, *(f"localwhisper {quality}" for quality in QUALITIES))
            figures = [run["memory"][name] for name in names]
            cells = [f"{figure['load_s']:.1f} s, {figure['steady_mib']:.0f}" for figure in figures]
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
        for name in (CTRANSLATE2, *(f"localwhisper {quality}" for quality in QUALITIES)):
            ratio = run.get("one window", {}).get(f"{name} / {OPENAI}")
            if ratio:
                rows.append((f"{run['size']}, {run['threads']} threads: {name}", name, ratio["median"]))
    return chart.svg("Speed compared with openai-whisper, one window", rows)


def with_table(page: str, report: dict[str, Any]) -> str:
    before, rest = page.split(BEGIN)
    return before + BEGIN + table(report) + END + rest.split(END, 1)[1]


def main() -> None:
    report = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "build/bench/bench.json").read_text())
    (ROOT / "docs" / "bench.json").write_text(json.dumps(report, indent=1) + "\n")
    (ROOT / "docs" / "bench.svg").write_text(svg(report))
    page = ROOT / "docs" / "speed.md"
    page.write_text(with_table(page.read_text(encoding="utf-8"), report), encoding="utf-8")


if __name__ == "__main__":
    main()
