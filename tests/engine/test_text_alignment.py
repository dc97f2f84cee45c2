"""Text that is known is aligned with the audio, as if it had just been decoded with word times."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.errors import Stopped
from localwhisper.jobs.transcript import Segment
from localwhisper.options import Options
from tests.engine.control import Recorder


def without_words(segments: Sequence[Segment]) -> list[Segment]:
    return [replace(segment, words=None) for segment in segments]


def align(engine: WhisperEngine, audio: Path, options: Options, segments: Sequence[Segment]) -> tuple[Segment, ...]:
    return engine.align(audio, options, "en", segments, Recorder())


@pytest.mark.parametrize(
    "changes",
    [{}, {"quality": "fast"}, {"clip_timestamps": "0,6,8,14"}],
    ids=str,
)
def test_a_decoded_text_gets_the_words_of_its_decoding(
    engine: WhisperEngine, speech: dict[str, Path], changes: dict[str, object]
) -> None:
    options = Options(**{"model": "demo", "language": "en", "word_timestamps": True, **changes})  # type: ignore[arg-type]
    audio = speech["a window and more"]
    decoded = engine.transcribe(audio, options, Recorder()).segments
    assert len(decoded) > 1
    assert align(engine, audio, options, without_words(decoded)) == decoded


def test_text_without_tokens_is_aligned_too(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    """A script, all of whose lines claim to begin at once."""
    options = Options(model="demo", language="en", word_timestamps=True)
    audio = speech["english"]
    decoded = engine.transcribe(audio, options, Recorder()).segments
    script = [replace(segment, tokens=(), seek=0) for segment in without_words(decoded)]
    words = [word for segment in align(engine, audio, options, script) for word in segment.words or ()]
    expected = [word for segment in decoded for word in segment.words or ()]
    assert [word.word for word in words] == [word.word for word in expected]
    assert max(abs(word.start - known.start) for word, known in zip(words, expected, strict=True)) <= 0.1


@pytest.mark.parametrize("text", [" one two three", " word" * 2000], ids=["longer than a window", "too much text"])
def test_the_words_of_text_without_a_window_share_its_time(
    engine: WhisperEngine, speech: dict[str, Path], text: str
) -> None:
    audio = speech["two minutes"]
    first = engine.transcribe(speech["english"], Options(model="demo"), Recorder()).segments[0]
    end_s = 40.0 if "one" in text else 10.0
    (aligned,) = align(
        engine, audio, Options(model="demo"), [replace(first, start=0.0, end=end_s, text=text, tokens=())]
    )
    assert aligned.words is not None
    assert "".join(word.word for word in aligned.words) == text
    starts = [word.start for word in aligned.words]
    assert (starts, aligned.words[-1].end) == (sorted(starts), end_s)


def test_a_segment_without_text_stays_as_it_is(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    decoded = engine.transcribe(speech["english"], Options(model="demo"), Recorder()).segments
    (empty,) = align(engine, speech["english"], Options(model="demo"), [replace(decoded[0], text="", tokens=())])
    assert empty == replace(decoded[0], text="", tokens=(), words=())


def test_aligning_stops(engine: WhisperEngine, speech: dict[str, Path]) -> None:
    audio, options = speech["english"], Options(model="demo", language="en")
    segments = engine.transcribe(audio, options, Recorder()).segments
    checks = Recorder()
    engine.align(audio, options, "en", segments, checks)
    with pytest.raises(Stopped):
        engine.align(audio, options, "en", segments, Recorder(stop_at=checks.checks - 3))
