"""The README's speed table and chart match the recorded benchmark."""

import json

from tests.bench.record import ROOT, svg, with_table


def test_the_readme_and_the_chart_match_the_report() -> None:
    report = json.loads((ROOT / "docs" / "bench.json").read_text())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_table(readme, report) == readme
    assert svg(report) == (ROOT / "docs" / "bench.svg").read_text()
