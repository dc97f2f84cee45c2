"""Clips: short pieces of a recording as files of their own."""

from pathlib import Path

import numpy as np
import pytest

from localwhisper.audio.clip import CLIP_FORMATS, cut_clip
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.probe import probe
from localwhisper.errors import AudioUnreadable
from tests.audio.recordings import RATE, ffmpeg, tone, write
from tests.speech import decoded


def clip(path: Path, start_s: float, end_s: float, format: str = "wav", track: str | None = None) -> Path:
    target = path.with_name(f"clip.{format}")
    target.write_bytes(cut_clip(Ffmpeg(), path, track, start_s, end_s, format, max_audio_s=3600))
    return target


def frequencies(path: Path) -> list[int]:
    """The loudest frequency of each tenth of a second; 0 where it is silent."""
    samples = decoded(path).astype(float)
    tenths = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    loudest = np.abs(np.fft.rfft(tenths)).argmax(axis=1) * 10
    return [int(hertz) if np.abs(tenth).max() > 300 else 0 for hertz, tenth in zip(loudest, tenths, strict=True)]


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds: in each another frequency, 200 Hz and more."""
    parts = [tone(1, frequency=200 + 100 * second) for second in range(10)]
    return write(tmp_path_factory.mktemp("clips") / "steps.wav", np.concatenate(parts))


@pytest.mark.parametrize("format", CLIP_FORMATS)
def test_a_clip_is_the_part_asked_for(steps: Path, format: str) -> None:
    path = clip(steps, 2.5, 4.5, format)
    assert probe(Ffmpeg(), path, max_audio_s=60).duration_s == pytest.approx(2, abs=0.1)
    middle = frequencies(path)[1:-1]
    assert middle[2:-3] == [400] * 2 + [500] * 10 + [600] * (len(middle) - 17)


@pytest.mark.parametrize("extension", ["mp3", "ogg", "webm", "m4a", "wma"])
def test_the_place_is_exact_in_every_container(steps: Path, tmp_path: Path, extension: str) -> None:
    """Also without an index, a length, or a constant bit rate."""
    options = {"mp3": ["-q:a", "5", "-write_xing", "0"], "webm": ["-live", "1"], "ogg": ["-c:a", "libvorbis"]}
    source = tmp_path / f"steps.{extension}"
    ffmpeg("-i", steps, *options.get(extension, []), source)
    assert frequencies(clip(source, 7.15, 7.85))[:6] == [900] * 6


def test_the_second_part_of_a_chained_file(steps: Path, tmp_path: Path) -> None:
    ffmpeg("-i", steps, "-c:a", "libopus", tmp_path / "part.opus")
    chained = tmp_path / "chained.opus"
    chained.write_bytes((tmp_path / "part.opus").read_bytes() * 2)
    assert frequencies(clip(chained, 13.2, 13.8))[:5] == [500] * 5


@pytest.mark.parametrize("extension", ["mkv", "ts"])
def test_what_is_not_recorded_is_silent(steps: Path, tmp_path: Path, extension: str) -> None:
    """The sound begins two seconds after the video."""
    source = tmp_path / f"late.{extension}"
    video = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=12", "-itsoffset", "2", "-i", steps)
    ffmpeg(*video, "-map", "0:v", "-map", "1:a", "-c:v", "mpeg2video", source)
    heard = frequencies(clip(source, 1, 4))
    assert heard[1:8] == [0] * 7
    assert heard[12:18] == [200] * 6
    assert heard[22:28] == [300] * 6


def test_a_clip_of_the_track_that_is_transcribed(steps: Path, tmp_path: Path) -> None:
    source = tmp_path / "tracks.mkv"
    silence = write(tmp_path / "silence.wav", np.zeros(10 * RATE, np.int16))
    ffmpeg("-i", silence, "-i", steps, "-map", "0", "-map", "1", source)
    assert frequencies(clip(source, 0, 1))[1:9] == [200] * 8
    assert frequencies(clip(source, 0, 1, track="1"))[1:9] == [0] * 8


def test_a_clip_after_the_end_is_refused(steps: Path) -> None:
    with pytest.raises(AudioUnreadable):
        clip(steps, 11, 12)
    assert len(decoded(clip(steps, 9.5, 30))) == pytest.approx(0.5 * RATE, abs=200)


def test_it_begins_and_ends_without_a_click(steps: Path) -> None:
    samples = np.abs(decoded(clip(steps, 0.0013, 0.5)))
    assert max(samples[:8].max(), samples[-8:].max()) < 1500
