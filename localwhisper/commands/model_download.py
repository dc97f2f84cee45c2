"""Downloading a model in the terminal, with its progress; and what a terminal says while there is no model."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tqdm import tqdm

from localwhisper import paths
from localwhisper.engine.checkpoints.catalogue import PURPOSES, QUICKEST, canonical_name, recommended_model
from localwhisper.engine.checkpoints.library import ModelEntry, ModelLibrary
from localwhisper.engine.checkpoints.model_source import ModelSource, Progress
from localwhisper.engine_setup import model_library
from localwhisper.errors import LocalWhisperError
from localwhisper.jobs.estimates import FactorKey, Factors, real_time_factor
from localwhisper.settings import Settings
from localwhisper.store.real_time_factors import load_factors

MIB = 1024 * 1024
AUTO = "auto"  # the quickest, where there is none
LINE_INTERVAL_S = 5.0  # where stderr is no terminal


def download(library: ModelLibrary, name: str, source: str | None = None) -> Path:
    """Download a model, showing its progress on stderr. Raises what ModelLibrary.download() raises."""

    def note_source(chosen: ModelSource) -> None:
        if chosen is not library.sources[0] and source is None:
            tqdm.write(f"{library.sources[0].label} can't be reached; trying {chosen.label}", file=sys.stderr)

    with _progress(name) as show:
        return library.download(name, show, lambda: None, source=source, on_source=note_source)


def _progress(name: str) -> AbstractContextManager[Progress]:
    return _Bar(name) if sys.stderr.isatty() else nullcontext(_lines(name))


class _Bar:
    def __init__(self, name: str) -> None:
        self._bar: tqdm[object] = tqdm(
            desc=name, unit="B", unit_scale=True, unit_divisor=1024, leave=False, file=sys.stderr
        )

    def __enter__(self) -> Progress:
        return self._show

    def _show(self, received_bytes: int, total_bytes: int | None) -> None:
        self._bar.total = total_bytes
        self._bar.update(received_bytes - self._bar.n)

    def __exit__(self, *raised: object) -> None:
        self._bar.close()


def _lines(name: str) -> Progress:
    shown_at_s = time.monotonic()

    def show(received_bytes: int, total_bytes: int | None) -> None:
        nonlocal shown_at_s
        if time.monotonic() - shown_at_s >= LINE_INTERVAL_S:
            shown_at_s = time.monotonic()
            total = f" of {total_bytes / MIB:,.0f}" if total_bytes else ""
            print(f"{name}: {received_bytes / MIB:,.0f}{total} MiB", file=sys.stderr, flush=True)

    return show


def download_first(settings: Settings, name: str) -> None:
    """Download a model before serving, unless it is here; `auto`: the quickest, unless any is here.

    A failure is printed: the page offers the models, too. Raises ModelNotFound.
    """
    library = model_library(settings)
    entries = library.entries()
    if name == AUTO:
        if not lacks_model(entries, settings.default_model):
            return
        name = QUICKEST
    if library.entry(name).available:
        return
    print(f"Downloading the model {name}, once. Ctrl-C interrupts it; the next start continues.", flush=True)
    try:
        download(library, name)
    except LocalWhisperError as error:
        print(error, file=sys.stderr, flush=True)


def lacks_model(entries: Sequence[ModelEntry], default_model: str) -> bool:
    """Whether none is here but the bundled one, which isn't the default either."""
    return not any(
        entry.available and (not entry.bundled or entry.name == canonical_name(default_model)) for entry in entries
    )


def choices(settings: Settings) -> str:
    """The models to choose from, where there is none; otherwise empty."""
    entries = {entry.name: entry for entry in model_library(settings).entries()}
    if not lacks_model([*entries.values()], settings.default_model):
        return ""
    measured = load_factors(paths.real_time_factors(settings.data_dir))
    lines = ["There is no model for speech on this machine yet. Choose one on the page, or run one of:"]
    lines += [_choice(entries[name], measured) for name in PURPOSES]
    return "\n".join(lines)


def _choice(entry: ModelEntry, measured: Factors) -> str:
    size = f"{entry.size_bytes / MIB:,.0f} MiB" if entry.size_bytes else "size unknown"
    factor = factor_of(measured)
    time = f"an hour of audio takes about {60 * factor(entry.name):.0f} min"
    recommended = "; recommended" if entry.name == recommended_model(factor) else ""
    return f"  {entry.purpose:9} localwhisper models download {entry.name:7} ({size}; {time}{recommended})"


def factor_of(measured: Factors) -> Callable[[str], float]:
    """The real-time factor of each model on this machine, measured or estimated."""
    return lambda name: real_time_factor(FactorKey(model=name), measured)
