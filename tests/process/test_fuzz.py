"""The real process against /openapi.json. The long form, with random requests and chains of them, is make fuzz."""

from pathlib import Path

from tests.torture.fuzz import fuzz


def test_every_answer_is_as_documented(tmp_path: Path) -> None:
    assert " passed" in fuzz(tmp_path, seconds=8, seed=1, phases="coverage")
