"""`localwhisper live`: what it reads and what it prints. The engine is a fake that hears one word a second."""

import io
import queue
import sys
from types import SimpleNamespace

import pytest

from localwhisper.commands.arguments import parse_arguments
from localwhisper.commands.live import follow, microphone_samples, stdin_samples
from localwhisper.commands.live_printer import LivePrinter, last_columns
from localwhisper.errors import NoMicrophone, PackageMissing
from tests.engine.control import Recorder
from tests.http_client import wav
from tests.step_engine import SecondsTranscriber

SECOND = bytes(32_000)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def text_of(stdin: bytes, capsys: pytest.CaptureFixture[str]) -> str:
    with stdin_samples(io.BytesIO(stdin)) as chunks:
        follow(SecondsTranscriber(Recorder()), chunks, LivePrinter())
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "stdin",
    [7 * SECOND, 7 * SECOND + b"\0", wav(7.0, 16_000), wav(7.02, 44_100)],
    ids=["raw", "odd", "wav", "44.1 kHz"],
)
def test_each_utterance_is_a_line(stdin: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    assert text_of(stdin, capsys) == "w0 w1 w2\nw3 w4 w5\nw6\n"


def test_no_audio_is_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert text_of(b"", capsys) == ""


def test_ctrl_c_ends_it_with_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(queue.Queue[bytes]):
        def get(self, block: bool = True, timeout: float | None = None) -> bytes:
            if self.empty():
                raise KeyboardInterrupt if block else queue.Empty
            return super().get(block, timeout)

    chunks = Interrupted()
    chunks.put(2 * SECOND)
    follow(SecondsTranscriber(Recorder()), chunks, LivePrinter())
    assert capsys.readouterr().out == "w0 w1\n"


def test_what_may_change_is_dim_on_the_terminal_s_last_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    printer, transcriber = LivePrinter(), SecondsTranscriber(Recorder())
    printer.show(transcriber.update(2 * SECOND))
    assert terminal.getvalue().endswith("\r\x1b[Kw0 \x1b[2mw1\x1b[0m")
    printer.show(transcriber.update(SECOND))
    printer.close()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert capsys.readouterr().out == "w0 w1 w2\n"


def test_a_long_line_shows_its_end() -> None:
    assert last_columns("one two three", 5) == "three"
    assert last_columns("一二三", 5) == "二三"
    assert last_columns("one", 0) == ""


def test_a_microphone_s_samples_come_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: dict[str, object] = {}

    class Stream:
        def __init__(self, **arguments: object) -> None:
            opened.update(arguments)

        def __enter__(self) -> None:
            opened["callback"](memoryview(b"\1\2"), 1, None, None)  # type: ignore[operator]

        def __exit__(self, *_: object) -> None:
            pass

    fake = SimpleNamespace(RawInputStream=Stream, PortAudioError=RuntimeError)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    with microphone_samples("3") as chunks:
        assert chunks.get_nowait() == b"\1\2"
    assert (opened["samplerate"], opened["channels"], opened["dtype"], opened["device"]) == (16_000, 1, "int16", 3)

    def refuse(**_: object) -> None:
        raise RuntimeError("no such device")

    fake.RawInputStream = refuse
    with pytest.raises(NoMicrophone, match="no such device"), microphone_samples(None):
        pass


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(PackageMissing, match="microphone"), microphone_samples(None):
        pass


def test_its_arguments() -> None:
    options = parse_arguments(["live", "-", "--language", "es", "--model", "base"])
    assert (options.command, options.source, options.language, options.model) == ("live", "-", "es", "base")
    assert parse_arguments(["live", "--microphone", "USB"]).source is None
