"""localwhisper live: text while somebody speaks, from a microphone or from samples on stdin."""

import argparse
import importlib
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from localwhisper.audio.ffmpeg import SAMPLE_RATE, Ffmpeg, ffmpeg_path
from localwhisper.commands.live_printer import LivePrinter
from localwhisper.engine.base import LiveTranscriber, NoControl
from localwhisper.engine.checkpoints.model_choice import ModelChooser, requested_options
from localwhisper.engine_setup import model_library, whisper_engine
from localwhisper.errors import NoMicrophone, PackageMissing
from localwhisper.messages import Message, render
from localwhisper.options import OPTIONS, Options
from localwhisper.settings import Settings

STDIN = "-"
BYTES_PER_S = 2 * SAMPLE_RATE
CHUNK_BYTES = BYTES_PER_S // 10
MAX_UPDATE_BYTES = 30 * BYTES_PER_S
MAX_WAITING = 600  # chunks: a pipe that is faster than speech waits then
FROM_WAV = ("-nostdin", "-loglevel", "error", "-probesize", "64", "-analyzeduration", "0", "-f", "wav", "-i", "pipe:0")
TO_PCM = ("-f", "s16le", "-ac", "1", "-ar", str(SAMPLE_RATE), "-flush_packets", "1", "pipe:1")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Until the audio ends, or Ctrl-C, which ends it. Raises NoMicrophone."""
    texts = {name: str(value) for name in OPTIONS if (value := getattr(options, name, None)) is not None}
    library = model_library(settings)
    chooser = ModelChooser(settings.default_model)
    live, reason = requested_options(
        texts, defaults=settings.option_defaults, models=library.entries(), chooser=chooser
    )
    engine = whisper_engine(settings, library, Ffmpeg())
    source = stdin_samples(sys.stdin.buffer) if options.source == STDIN else microphone_samples(options.microphone)
    printer = LivePrinter()

    def open_live(options: Options, _reason: Message) -> LiveTranscriber:
        return engine.open_live(options, _Control(printer.status))

    try:
        with source as chunks:
            transcriber = chooser.run(live, reason, library.entries, open_live)
            printer.status("")
            follow(transcriber, chunks, printer)
            transcriber.close()
    finally:
        printer.close()
        engine.close()
    return 0


def follow(transcriber: LiveTranscriber, chunks: "queue.Queue[bytes]", printer: LivePrinter) -> None:
    """Print the text of the samples until an empty chunk, or Ctrl-C."""
    has_ended = False
    while not has_ended:
        try:
            pcm, has_ended = _waiting(chunks)
            printer.show(transcriber.update(pcm, ends=has_ended))
        except KeyboardInterrupt:
            printer.show(transcriber.update(b"", ends=True))
            return


def _waiting(chunks: "queue.Queue[bytes]") -> tuple[bytes, bool]:
    """All samples that have come meanwhile, at least some; and whether there are no more."""
    parts = [chunks.get()]
    with suppress(queue.Empty):
        while parts[-1] and sum(map(len, parts)) < MAX_UPDATE_BYTES:
            parts.append(chunks.get_nowait())
    return b"".join(parts), not parts[-1]


@contextmanager
def stdin_samples(stdin: BinaryIO) -> "Iterator[queue.Queue[bytes]]":
    """Chunks of whole samples, and an empty one at the end. What begins as a WAV file is converted by ffmpeg."""
    chunks: queue.Queue[bytes] = queue.Queue(MAX_WAITING)
    begin = stdin.read(4)
    if begin != b"RIFF":
        _start(_read_samples, stdin, chunks, begin)
        yield chunks
        return
    with subprocess.Popen([ffmpeg_path(), *FROM_WAV, *TO_PCM], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdin is not None
        assert ffmpeg.stdout is not None
        _start(_copy, stdin, ffmpeg.stdin, begin)
        _start(_read_samples, ffmpeg.stdout, chunks, b"")
        try:
            yield chunks
        finally:
            ffmpeg.kill()


def _start(function: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=function, args=arguments, daemon=True).start()


def _copy(source: BinaryIO, target: BinaryIO, begin: bytes) -> None:
    with suppress(BrokenPipeError, ValueError), target:  # ffmpeg has ended
        target.write(begin)
        shutil.copyfileobj(source, target, CHUNK_BYTES)


def _read_samples(source: BinaryIO, chunks: "queue.Queue[bytes]", begin: bytes) -> None:
    read: Callable[[int], bytes] = getattr(source, "read1", source.read)
    rest = begin
    while new := read(CHUNK_BYTES):
        rest += new
        n_bytes = len(rest) - len(rest) % 2
        if n_bytes:
            chunks.put(rest[:n_bytes])
        rest = rest[n_bytes:]
    chunks.put(b"")


@contextmanager
def microphone_samples(name: str | None) -> "Iterator[queue.Queue[bytes]]":
    """Chunks from a microphone; None: the system's default one. Raises NoMicrophone."""
    chunks: queue.Queue[bytes] = queue.Queue()
    try:
        sounddevice: Any = importlib.import_module("sounddevice")
    except ImportError:
        raise PackageMissing(extra="microphone") from None
    except OSError as error:  # without the PortAudio library
        raise NoMicrophone(reason=str(error)) from None

    def on_samples(samples: object, *_: object) -> None:
        chunks.put(bytes(samples))  # type: ignore[call-overload]  # a buffer of cffi

    try:
        stream = sounddevice.RawInputStream(
            samplerate=SAMPLE_RATE,
            channels=1,
            dtype="int16",
            blocksize=CHUNK_BYTES // 2,
            device=int(name) if name is not None and name.isdigit() else name,
            callback=on_samples,
        )
    except (ValueError, sounddevice.PortAudioError) as error:
        raise NoMicrophone(reason=str(error)) from None
    with stream:
        yield chunks


class _Control(NoControl):
    """The engine's Control: shows that the model is being loaded."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show

    def progress(self, done_s: float, message: Message) -> None:
        self._show(render(message))
