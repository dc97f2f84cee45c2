"""What README says of speed is what was measured."""

import json

from tests.bench.record import ROOT, svg, with_table


def test_readme_and_chart_are_the_report_s() -> None:
    report = json.loads((ROOT / "docs" / "bench.json").read_text())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert with_table(readme, report) == readme
    assert svg(report) == (ROOT / "docs" / "bench.svg").read_text()
