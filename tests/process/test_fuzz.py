"""The real server answers as /openapi.json documents. `make fuzz` runs longer, with random requests."""

from pathlib import Path

from localwhisper.engine.base import Engine
from tests.process.fake_engine_program import FakeEngine
from tests.torture.fuzz import fuzz


def test_responses_match_the_openapi_document(tmp_path: Path) -> None:
    assert " passed" in fuzz(tmp_path, seconds=8, seed=1, phases="coverage")


def test_the_fake_engine_does_what_an_engine_does() -> None:
    assert {name for name in vars(Engine) if not name.startswith("_")} <= set(dir(FakeEngine))
