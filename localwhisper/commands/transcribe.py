"""localwhisper transcribe FILE…: the same work without a server; text to files, progress to stderr."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from localwhisper.app import model_library, whisper_engine
from localwhisper.audio.probe import probe
from localwhisper.engine.base import Engine
from localwhisper.errors import BadSetting, LocalWhisperError
from localwhisper.export.registry import EXPORTERS
from localwhisper.jobs.model import Options, Window
from localwhisper.messages import Message, render
from localwhisper.server.options import parse_options
from localwhisper.settings import Settings


class Bar:
    """An engine's Control that draws; nothing tells it to stop but Ctrl-C, which raises by itself."""

    def __init__(self, bar: "tqdm[object]") -> None:
        self._bar = bar

    def check(self) -> None:
        pass

    def progress(self, done_s: float, message: Message) -> None:
        self._bar.set_postfix_str(render(message), refresh=False)
        self._bar.update(max(0.0, min(done_s, self._bar.total) - self._bar.n))

    def window(self, window: Window) -> None:
        for segment in window.segments:
            self._bar.write(segment.text.strip(), file=sys.stderr)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """1 where any file failed; the others are done all the same."""
    formats = [name.strip() for name in options.format.split(",")]
    for name in formats:
        if name not in EXPORTERS:
            raise BadSetting(name="--format", value=name, accepted=", ".join(EXPORTERS))
    library = model_library(settings)
    fields = {
        "language": options.language,
        "task": options.task,
        "word_timestamps": str(options.word_timestamps),
        "initial_prompt": options.initial_prompt,
    }
    if options.model:
        fields["model"] = options.model
    job = parse_options(fields, default_model=settings.default_model, default_quality=settings.quality, library=library)
    output_dir = Path(options.output_dir)
    output_dir.mkdir(parents=True, exist_ok=True)
    engine = whisper_engine(settings, library)
    failed = 0
    for file in map(Path, options.files):
        try:
            _transcribe(engine, file, job, formats, output_dir, settings)
        except LocalWhisperError as error:
            failed += 1
            print(f"{file}: {error}", file=sys.stderr)
    engine.close()
    return 1 if failed else 0


def _transcribe(
    engine: Engine, file: Path, job: Options, formats: list[str], output_dir: Path, settings: Settings
) -> None:
    duration_s = probe(file, max_audio_s=settings.max_audio_seconds).duration_s
    layout = "{desc} {percentage:3.0f} % |{bar}| {remaining} left {postfix}"
    with tqdm(total=duration_s, desc=file.name, bar_format=layout, leave=False, file=sys.stderr) as bar:
        transcript = engine.transcribe(file, job, Bar(bar))
    for name in formats:
        exporter = EXPORTERS[name]
        target = output_dir / f"{file.stem}.{exporter.extension}"
        target.write_text(exporter.write(transcript), encoding="utf-8", newline="\n")
        print(target)
