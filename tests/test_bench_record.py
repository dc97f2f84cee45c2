"""The speed table and chart in docs match the recorded benchmark."""

import json

from tests.bench.record import ROOT, svg, with_table


def test_the_table_and_the_chart_match_the_report() -> None:
    report = json.loads((ROOT / "docs" / "bench.json").read_text())
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    assert with_table(page, report) == page
    assert svg(report) == (ROOT / "docs" / "bench.svg").read_text()
