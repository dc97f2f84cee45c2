"""localwhisper models list|download|import|remove."""

import argparse
from pathlib import Path

from localwhisper import paths
from localwhisper.commands.model_download import MIB, download, factor_of
from localwhisper.engine.checkpoints.catalogue import recommended_model
from localwhisper.engine.checkpoints.found_models import FoundModels
from localwhisper.engine.checkpoints.library import ModelEntry, ModelLibrary
from localwhisper.engine.checkpoints.origin import FORMATS
from localwhisper.engine_setup import found_models, model_library
from localwhisper.jobs.estimates import FactorKey, Factors, measured_factor
from localwhisper.messages import Message, render
from localwhisper.settings import Settings
from localwhisper.store.real_time_factors import load_factors

INDENT = " " * 37


def run(options: argparse.Namespace, settings: Settings) -> int:
    library = model_library(settings)
    if options.action == "list":
        measured = load_factors(paths.real_time_factors(settings.data_dir))
        for entry in library.entries():
            print("\n".join(describe(entry, measured)))
        for found in found_models(settings, library).all():
            print(f"{'found':9} {found.name:15} {found.size_bytes / MIB:>5,.0f} MiB  in {found.label}: {found.path}")
            print(f"{INDENT}localwhisper models import {found.name}")
        print(f"\nCheckpoints are in {library.model_dir}")
    elif options.action == "download":
        print(download(library, options.name, options.source))
    elif options.action == "import":
        name = _import(library, found_models(settings, library), options)
        print(f"{name}: {library.path(name)}")
    else:
        library.remove(options.name)
    return 0


def _import(library: ModelLibrary, found: FoundModels, options: argparse.Namespace) -> str:
    """Import a file, a folder, or a model that was found by its name; returns the model's name."""
    path = Path(options.file)
    if not path.exists() and any(model.name == options.file for model in found.all()):
        return found.take_over(options.file)
    return library.import_checkpoint(path, options.name, as_published=options.as_published)


def describe(entry: ModelEntry, measured: Factors) -> list[str]:
    """Lines about a model; `measured`: real-time factors (seconds of work per second of audio) on this machine."""
    size = f"{entry.size_bytes / MIB:,.0f} MiB" if entry.size_bytes else ""
    place = "bundled" if entry.bundled else "here" if entry.available else "to download"
    description = render(Message("demo_description")).partition(": ")[2] if entry.bundled else ""
    factor = factor_of(measured)
    advice = "recommended" if entry.name == recommended_model(factor) else ""
    lines = [f"{entry.purpose or '':9} {entry.name:15} {size:>9}  {place:12}{description}{advice}".rstrip()]
    if entry.aliases:
        lines.append(f"{INDENT}also named {', '.join(entry.aliases)}")
    if not entry.bundled:
        is_measured = measured_factor(FactorKey(model=entry.name), measured) is not None
        basis = "measured" if is_measured else "estimated"
        lines.append(
            f"{INDENT}an hour of audio takes about {60 * factor(entry.name):.0f} min on this machine ({basis})"
        )
    if not entry.available:
        lines.append(f"{INDENT}from {' or '.join(offer.label for offer in entry.offers)}")
    if entry.origin is not None:
        rounded = (
            "" if entry.origin.is_exact else "; its weights were quantised, so they are not exactly the original's"
        )
        lines.append(f"{INDENT}converted from {FORMATS[entry.origin.format]}{rounded}")
        if entry.origin.source is not None:
            lines.append(f"{INDENT}from the package index: {entry.origin.source}; SHA-256 {entry.origin.sha256}")
    for quality, chosen in entry.plans.items():
        speedups = f"encoder {chosen.encoder_speedup:.1f}, decoder {chosen.decoder_speedup:.1f} times as fast"
        lines.append(f"{INDENT}{quality}: {chosen.plan.name} ({speedups} as in single precision)")
    return lines
