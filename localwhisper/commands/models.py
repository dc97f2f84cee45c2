"""localwhisper models: list, download, import, remove."""

import argparse
import sys
from pathlib import Path

from localwhisper.app import model_library
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
        print(library.download(options.name, _show, lambda: None))
    elif options.action == "import":
        print(library.import_file(Path(options.file), options.name))
    else:
        library.remove(options.name)
    return 0


def _show(received_bytes: int, total_bytes: int | None) -> None:
    total = f" of {total_bytes / MIB:.0f}" if total_bytes else ""
    end = "\n" if received_bytes == total_bytes else ""
    print(f"\r{received_bytes / MIB:.0f}{total} MiB", end=end, file=sys.stderr, flush=True)
