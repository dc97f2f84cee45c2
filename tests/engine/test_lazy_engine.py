"""An engine that is built at its first use: stopped meanwhile, and tried again."""

import threading
from pathlib import Path

import pytest

from localwhisper.engine.base import Engine, NoControl
from localwhisper.engine.lazy_engine import LazyEngine
from localwhisper.errors import EngineNotLoaded, Stopped
from localwhisper.options import Options
from tests.engine.control import Recorder
from tests.step_engine import StepEngine

AUDIO, OPTIONS = Path("audio"), Options(model="demo")


def test_work_can_be_stopped_while_the_engine_is_built() -> None:
    may_end = threading.Event()

    def build() -> Engine:
        may_end.wait()
        return StepEngine()

    engine = LazyEngine(build)
    with pytest.raises(Stopped):
        engine.find_speakers(AUDIO, OPTIONS, Recorder(stop_at=2))
    assert engine.model_bytes() == {}
    may_end.set()
    assert engine.detect_language(AUDIO, "demo", NoControl()).language == "es"
    engine.close()


def test_building_is_tried_again_after_a_failure() -> None:
    failures = [ImportError("no torch")]

    def build() -> Engine:
        if failures:
            raise failures.pop()
        return StepEngine()

    engine = LazyEngine(build)
    with pytest.raises(EngineNotLoaded):
        engine.detect_language(AUDIO, "demo", NoControl())
    assert engine.detect_language(AUDIO, "demo", NoControl()).language == "es"
