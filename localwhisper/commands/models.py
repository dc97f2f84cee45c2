"""localwhisper models: list, download, import, remove."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from localwhisper.app import model_library
from localwhisper.engine.models import ModelLibrary
from localwhisper.messages import Message, render
from localwhisper.settings import Settings

MIB = 1024 * 1024


def run(options: argparse.Namespace, settings: Settings) -> int:
    library = model_library(settings)
    if options.action == "list":
        for entry in library.entries():
            size = f"{entry.size_bytes / MIB:7.0f} MiB" if entry.size_bytes else " " * 11
            here = "bundled" if entry.bundled else "here" if entry.available else "to download"
            about = render(Message("demo_description")) if entry.bundled else ""
            print(f"{entry.name:16} {size}  {here:12} {about}".rstrip())
            for quality, chosen in entry.plans.items():
                speedups = f"{chosen.encoder_speedup:.1f} / {chosen.decoder_speedup:.1f} times as fast"
                print(f"{'':18}{quality}: {chosen.plan.name} ({speedups} as single precision)")
    elif options.action == "download":
        print(_download(library, options.name))
    elif options.action == "import":
        name = library.import_file(Path(options.file), options.name)
        print(f"{name}: {library.path(name)}")
    else:
        library.remove(options.name)
    return 0


def _download(library: ModelLibrary, name: str) -> Path:
    """With a bar on stderr, where that is a terminal."""
    bar: tqdm[object] = tqdm(
        desc=name, unit="B", unit_scale=True, unit_divisor=1024, leave=False, disable=None, file=sys.stderr
    )

    def show(received_bytes: int, total_bytes: int | None) -> None:
        bar.total = total_bytes
        bar.update(received_bytes - bar.n)

    with bar:
        return library.download(name, show, lambda: None)
