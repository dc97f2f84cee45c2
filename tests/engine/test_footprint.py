"""How a suspect of a crash is transcribed: one window at a time, on one core, at last in the smallest formats."""

from pathlib import Path
from typing import Any

import pytest

from localwhisper.engine.plans import Plan
from localwhisper.engine.threads import CoreBudget
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.engine.window_decoder import WindowDecoder
from localwhisper.errors import Stopped
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Window
from localwhisper.messages import Message
from localwhisper.options import Options
from tests.engine.control import Recorder
from tests.engine.test_engine import assert_same


class OneWindow(Recorder):
    """Ends after a window, as the queue does with a suspect."""

    def window(self, window: Window) -> None:
        super().window(window)
        raise Stopped


def encoders(windows: list[Window]) -> set[str]:
    plans = [Plan.named(window.after.plan or "") for window in windows]
    return {plan.encoder for plan in plans if plan is not None}


def test_a_small_footprint_gives_the_same_text(
    engine: WhisperEngine, speech: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    n_windows: list[int] = []
    cores: list[int] = []
    decode = WindowDecoder.decode

    def recorded(decoder: WindowDecoder, windows: Any, *arguments: Any) -> Any:
        n_windows.append(len(windows))
        cores.append(engine._cores.total - engine._cores.n_taken)  # free ones: the caller takes its own inside
        return decode(decoder, windows, *arguments)

    monkeypatch.setattr(WindowDecoder, "decode", recorded)
    options = Options(model="demo", quality="fast", language="en")
    whole = engine.transcribe(speech["windows of many lengths"], options, Recorder())
    assert max(n_windows) > 1
    n_windows.clear()
    cores.clear()
    small = engine.transcribe(speech["windows of many lengths"], options, Recorder(), footprint=Footprint.SMALL)
    assert_same(small, whole)
    assert set(n_windows) == {1}
    assert max(cores) <= 1
    assert engine._cores.n_taken == 0


def test_cores_are_kept_only_as_far_as_they_are_free() -> None:
    budget = CoreBudget(3)
    with budget.core(), budget.all_but_one_kept():
        assert budget.n_taken == 2
        assert budget.take()
        budget.give_back()
    with budget.core(), budget.core(), budget.core(), budget.all_but_one_kept():
        assert budget.n_taken == 3
    assert budget.n_taken == 0
    budget.close()


def test_a_job_that_had_no_memory_for_its_formats_goes_on_in_the_smallest(
    engine: WhisperEngine, speech: dict[str, Path]
) -> None:
    options = Options(model="demo", language="es")
    first = OneWindow()
    with pytest.raises(Stopped):
        engine.transcribe(speech["two minutes"], options, first, footprint=Footprint.SMALLEST)
    assert len(first.windows) == 1
    assert all(encoder.endswith("streamed") for encoder in encoders(first.windows))
    rest = Recorder()
    transcript = engine.transcribe(speech["two minutes"], options, rest, done=first.windows)
    assert encoders(rest.windows) == encoders(first.windows)
    assert transcript.warnings == ()

    usual = OneWindow()
    with pytest.raises(Stopped):
        engine.transcribe(speech["two minutes"], options, usual)
    assert encoders(usual.windows) != encoders(first.windows)
    mixed = engine.transcribe(
        speech["two minutes"], options, Recorder(), done=usual.windows, footprint=Footprint.SMALLEST
    )
    assert mixed.warnings == (Message("plan_changed"),)
