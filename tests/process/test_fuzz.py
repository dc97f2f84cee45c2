"""The real server answers as /openapi.json documents. `make fuzz` runs longer, with random requests."""

from pathlib import Path

from tests.torture.fuzz import fuzz


def test_responses_match_the_openapi_document(tmp_path: Path) -> None:
    assert " passed" in fuzz(tmp_path, seconds=8, seed=1, phases="coverage")
