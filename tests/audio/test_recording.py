"""Where sound is in time, which sound is read, and whether all of it could be read."""

import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from localwhisper.audio import container as container_module
from localwhisper.audio import ffmpeg as ffmpeg_module
from localwhisper.audio.container import describe
from localwhisper.audio.decode import AudioDecoder
from localwhisper.audio.ffmpeg import Ffmpeg, ffmpeg_path
from localwhisper.audio.probe import probe
from localwhisper.audio.recording import Recording, RecordingReader
from localwhisper.audio.waveform import compute_waveform
from localwhisper.errors import (
    AudioInterrupted,
    AudioTimeout,
    AudioTooLong,
    AudioTrackNotFound,
    DictationUnsupported,
    Stopped,
)
from tests.audio.recordings import RATE, ffmpeg, tone, write
from tests.cpu_time import cpu_s
from tests.speech_sink import FirstSecond

LIMIT_S = 3600


class Samples:
    """A Sink that keeps what it gets, with zeros in gaps."""

    def __init__(self) -> None:
        self.samples = np.zeros(0, np.int16)
        self.gaps: list[tuple[float, float]] = []  # seconds

    def write(self, start: int, samples: NDArray[np.int16]) -> None:
        if start > len(self.samples):
            self.gaps.append((len(self.samples) / RATE, start / RATE))
        silence = np.zeros(start - len(self.samples), np.int16)
        self.samples = np.concatenate([self.samples, silence, samples])

    def close(self) -> None:
        pass

    def first_sound_s(self) -> float:
        return float(np.argmax(np.abs(self.samples) > 300)) / RATE


def read(
    path: Path, *, track: str | None = None, split: bool = False, max_audio_s: float = LIMIT_S
) -> Recording[Samples]:
    reader = RecordingReader(Ffmpeg(), max_audio_s=max_audio_s)
    with reader.read(path, Samples, check=lambda: None, track=track, split=split) as recording:
        return recording


def only(recording: Recording[Samples]) -> Samples:
    (channel,) = recording.channels
    return channel.sink


def codes(recording: Recording[Samples]) -> list[str]:
    return [warning.code for warning in recording.warnings]


# -- time --------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["mp4", "mkv", "ts", "mpg"])
def test_sound_that_begins_after_the_video(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"late.{extension}"
    video, sound = write_video(tmp_path), write(tmp_path / "sound.wav", tone(3))
    ffmpeg("-i", video, "-itsoffset", "4", "-i", sound, "-map", "0:v", "-map", "1:a", "-c:v", "copy", path)
    samples = only(read(path))
    assert samples.first_sound_s() == pytest.approx(4, abs=0.1)
    assert samples.gaps[0] == pytest.approx((0, 4), abs=0.1)
    assert probe(Ffmpeg(), path, max_audio_s=LIMIT_S).duration_s == pytest.approx(8, abs=0.3)


def test_a_gap_inside(tmp_path: Path) -> None:
    sound = write(tmp_path / "sound.wav", tone(4))
    jump = "asetpts='if(gt(T,2),PTS+10/TB,PTS)'"
    ffmpeg("-i", sound, "-af", jump, "-c:a", "libopus", tmp_path / "gap.webm")
    recording = read(tmp_path / "gap.webm")
    (gap,) = only(recording).gaps
    assert gap == pytest.approx((2, 12), abs=0.2)
    assert recording.duration_s == pytest.approx(14, abs=0.1)


def test_an_edit_list_that_delays_the_sound(tmp_path: Path) -> None:
    video, sound = write_video(tmp_path), write(tmp_path / "sound.wav", tone(2))
    ffmpeg("-i", video, "-itsoffset", "1.5", "-i", sound, "-c:v", "copy", "-c:a", "aac", tmp_path / "edit.mov")
    assert b"elst" in (tmp_path / "edit.mov").read_bytes()
    assert only(read(tmp_path / "edit.mov")).first_sound_s() == pytest.approx(1.5, abs=0.06)


def test_small_offsets_of_encoders_are_no_gaps(tmp_path: Path) -> None:
    """openai-whisper's samples don't have them either."""
    video, sound = write_video(tmp_path), write(tmp_path / "sound.wav", tone(2))
    ffmpeg("-i", video, "-itsoffset", "0.1", "-i", sound, "-c:v", "copy", "-c:a", "aac", tmp_path / "v.mp4")
    assert only(read(tmp_path / "v.mp4")).gaps == []


def test_a_time_far_beyond_the_stated_end_is_not_believed(tmp_path: Path) -> None:
    sound = write(tmp_path / "sound.wav", tone(4))
    jump = "asetpts='if(gt(T,2),PTS+500/TB,PTS)'"
    ffmpeg("-i", sound, "-af", jump, "-c:a", "libopus", tmp_path / "jump.webm")
    data = (tmp_path / "jump.webm").read_bytes()
    at = data.index(b"\x44\x89\x88")  # the duration, a double of milliseconds
    (tmp_path / "jump.webm").write_bytes(data[: at + 3] + np.array([4000.0], ">f8").tobytes() + data[at + 11 :])
    assert read(tmp_path / "jump.webm").duration_s == pytest.approx(4, abs=0.1)


def test_the_length_is_the_decoded_one(tmp_path: Path) -> None:
    """Two Ogg files in a row: players play both, the header's length is that of one."""
    sound = write(tmp_path / "sound.wav", tone(3))
    ffmpeg("-i", sound, "-c:a", "libopus", tmp_path / "part.opus")
    chained = tmp_path / "chained.opus"
    chained.write_bytes((tmp_path / "part.opus").read_bytes() * 2)
    assert read(chained).duration_s == pytest.approx(6, abs=0.1)
    waveform = compute_waveform(
        RecordingReader(Ffmpeg(), max_audio_s=LIMIT_S), FirstSecond, chained, None, lambda: None
    )
    assert waveform.duration == pytest.approx(6, abs=0.1)
    assert min(waveform.peaks[5:-30]) > 50


def test_a_variable_bit_rate_without_a_header(tmp_path: Path) -> None:
    """The length that its first seconds suggest is wrong."""
    sound = np.random.default_rng(1).integers(-9000, 9000, 10 * RATE).astype(np.int16)
    sound[2 * RATE :] = 0
    path = tmp_path / "vbr.mp3"
    ffmpeg("-i", write(tmp_path / "sound.wav", sound), "-q:a", "0", "-write_xing", "0", path)
    assert probe(Ffmpeg(), path, max_audio_s=LIMIT_S).duration_s < 9
    assert read(path).duration_s == pytest.approx(10, abs=0.2)


def test_hours_without_a_stated_length_are_taken_at_once(tmp_path: Path) -> None:
    """As browsers record."""
    path = tmp_path / "long.webm"
    ffmpeg("-i", write(tmp_path / "sound.wav", tone(20)), "-c:a", "libopus", "-b:a", "256k", tmp_path / "part.webm")
    ffmpeg("-stream_loop", "19", "-i", tmp_path / "part.webm", "-c", "copy", "-live", "1", path)
    before_s = cpu_s()
    assert probe(Ffmpeg(), path, max_audio_s=500).duration_s == pytest.approx(400, rel=0.1)
    assert cpu_s() - before_s < 1
    with pytest.raises(AudioTooLong):  # sure enough without reading all of it
        probe(Ffmpeg(), path, max_audio_s=150)


def test_audio_that_turns_out_too_long_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(3))
    with pytest.raises(AudioTooLong):
        read(path, max_audio_s=2)
    assert read(path, max_audio_s=3).duration_s == 3


# -- tracks and channels -----------------------------------------------------------------


@pytest.fixture
def two_tracks(tmp_path: Path) -> Callable[..., Path]:
    def make(first: NDArray[np.int16], second: NDArray[np.int16]) -> Path:
        sources = [write(tmp_path / f"{n}.wav", samples) for n, samples in enumerate((first, second))]
        languages = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=spa")
        maps = ("-map", "0:a", "-map", "1:a", "-c:a", "flac")
        ffmpeg("-i", sources[0], "-i", sources[1], *maps, *languages, tmp_path / "tracks.mkv")
        return tmp_path / "tracks.mkv"

    return make


SILENCE = np.zeros(2 * RATE, np.int16)


def loudest_hz(samples: NDArray[np.int16]) -> float:
    return float(np.abs(np.fft.rfft(samples[:RATE].astype(float))).argmax())


def test_the_first_track_that_is_not_silent(two_tracks: Callable[..., Path]) -> None:
    recording = read(two_tracks(SILENCE, tone(2)))
    assert only(recording).first_sound_s() < 0.1
    assert (recording.track.track.number, codes(recording)) == (2, ["silent_tracks_skipped"])


@pytest.mark.parametrize(("track", "frequency"), [(None, 440), ("1", 440), ("2", 880), ("en", 440), ("es", 880)])
def test_the_chosen_track(two_tracks: Callable[..., Path], track: str | None, frequency: float) -> None:
    recording = read(two_tracks(tone(2), tone(2, frequency=880)), track=track)
    assert loudest_hz(only(recording).samples) == frequency
    assert codes(recording) == (["audio_track_used"] if track is None else [])


@pytest.mark.parametrize("track", ["3", "fr"])
def test_a_track_that_does_not_exist(two_tracks: Callable[..., Path], track: str) -> None:
    with pytest.raises(AudioTrackNotFound, match=r"1 \(eng\), 2 \(spa\)"):
        read(two_tracks(SILENCE, SILENCE), track=track)


def test_an_empty_text_beside_another_track_has_a_warning(two_tracks: Callable[..., Path]) -> None:
    for track in (None, "1"):
        recording = read(two_tracks(SILENCE, SILENCE), track=track)
        assert [warning.code for warning in recording.warnings_for(" ")] == ["other_tracks_unheard"]


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_channels_that_cancel_each_other_out(tmp_path: Path, noise: float) -> None:
    rng = np.random.default_rng(1)
    left, right = (noise * 0.3 * 32767 * rng.standard_normal((2, 2 * RATE))).astype(np.int16)
    recording = read(write(tmp_path / "inverted.wav", left + tone(2), right - tone(2)))
    assert codes(recording) == ["channel_inverted"]
    assert np.abs(only(recording).samples).max() > 9000


def test_a_channel_without_sound_is_left_out(tmp_path: Path) -> None:
    hum = tone(2, frequency=50, level=0.001)
    recording = read(write(tmp_path / "one-sided.wav", hum, tone(2)))
    assert [warning.params for warning in recording.warnings] == [{"channel": 2}]
    assert np.array_equal(only(recording).samples, tone(2))


@pytest.mark.parametrize(
    "right", [tone(2), tone(2, frequency=700), np.concatenate([SILENCE[:RATE], tone(1, frequency=700)])]
)
def test_other_channels_are_mixed(tmp_path: Path, right: NDArray[np.int16]) -> None:
    """Also if somebody speaks only briefly."""
    recording = read(write(tmp_path / "stereo.wav", tone(2), right))
    mean = (tone(2).astype(float) + right) / 2
    assert codes(recording) == []
    assert np.abs(only(recording).samples - mean).max() <= 2


def test_channels_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "interview.wav", tone(2), tone(2, frequency=880))
    channels = {channel.name: loudest_hz(channel.sink.samples) for channel in read(path, split=True).channels}
    assert channels == {"left": 440, "right": 880}
    assert [channel.name for channel in read(write(tmp_path / "mono.wav", tone(1)), split=True).channels] == [None]


# -- what is missing ---------------------------------------------------------------------


def write_video(folder: Path) -> Path:
    source = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=8", "-c:v", "mpeg4")
    ffmpeg(*source, folder / "video.mp4")
    return folder / "video.mp4"


CUT = {
    "wav": [],
    "flac": [],
    "mp3": [],
    "m4a": ["-movflags", "+faststart"],
    "webm": ["-c:a", "libopus"],
    "mkv": ["-c:a", "aac"],
    "aiff": [],
}


@pytest.mark.parametrize("extension", CUT)
def test_a_recording_that_is_cut_off_says_so(tmp_path: Path, extension: str) -> None:
    whole = tmp_path / f"whole.{extension}"
    ffmpeg("-i", write(tmp_path / "sound.wav", tone(20)), *CUT[extension], whole)
    assert codes(read(whole)) == []
    cut = tmp_path / f"cut.{extension}"
    cut.write_bytes(whole.read_bytes()[: round(whole.stat().st_size * 0.6)])
    assert codes(read(cut)) in (["audio_cut_short"], ["audio_ends_early"])


def test_a_wav_file_that_is_cut_off_between_two_blocks_says_so(tmp_path: Path) -> None:
    """ffmpeg says nothing."""
    path = write(tmp_path / "cut.wav", tone(20))
    path.write_bytes(path.read_bytes()[: 44 + 50 * 4096])
    assert codes(read(path)) == ["audio_ends_early"]
    path.write_bytes(b"RIFF\xff\xff\xff\xff" + path.read_bytes()[8:])  # written to a pipe
    assert codes(read(path)) == []


def test_a_video_that_is_cut_off_says_so(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    sound = write(tmp_path / "sound.wav", tone(8))
    ffmpeg("-i", write_video(tmp_path), "-i", sound, "-c:v", "copy", "-c:a", "aac", "-movflags", "+faststart", whole)
    assert codes(read(whole)) == []
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: round(whole.stat().st_size * 0.6)])
    assert codes(read(cut)) == ["audio_cut_short"]


def test_sound_that_ends_before_the_video_is_whole(tmp_path: Path) -> None:
    sound = write(tmp_path / "sound.wav", tone(3))
    ffmpeg("-i", write_video(tmp_path), "-i", sound, "-c:v", "copy", "-c:a", "aac", tmp_path / "v.mp4")
    assert codes(read(tmp_path / "v.mp4")) == []


# -- a decoder that dies -----------------------------------------------------------------

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script in ffmpeg's place, in which $FFMPEG is the real one."""

    def make(script: str) -> None:
        real = ffmpeg_path()
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\nFFMPEG={real}\nN={tmp_path}/n\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(ffmpeg_module, "ffmpeg_path", lambda: str(path))

    return make


DESCRIBE = 'case "$*" in *"-f matroska"*) ;; *) exec $FFMPEG "$@";; esac'  # other runs than the decoding
PART = '$FFMPEG "$@" | head -c 300000'


@posix_only
@pytest.mark.parametrize("end", ["kill -9 $$", "kill -15 $$", "exit 1", "exit 137"])
def test_a_decoder_that_dies_gives_no_half_transcript(
    tmp_path: Path, stand_in: Callable[[str], None], end: str
) -> None:
    path = write(tmp_path / "a.wav", tone(30))
    stand_in(f"{DESCRIBE}\n{PART}\n{end}")
    with pytest.raises(AudioInterrupted):
        read(path)


@posix_only
def test_a_decoder_that_dies_once_is_started_again(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    path = write(tmp_path / "a.wav", tone(30))
    stand_in(f'{DESCRIBE}\n[ -e $N ] && exec $FFMPEG "$@"\ntouch $N\n{PART}\nkill -9 $$')
    assert np.array_equal(only(read(path)).samples, tone(30))


@posix_only
def test_a_file_that_cannot_be_read_any_further(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    """ffmpeg's exit code is 0 then."""
    path = write(tmp_path / "a.wav", tone(30))
    stand_in(f"{DESCRIBE}\n{PART}\necho '[in#0/wav @ 0x1] Error during demuxing: Input/output error' >&2")
    with pytest.raises(AudioInterrupted):
        read(path)


@posix_only
def test_an_ffmpeg_behind_a_script_ends_with_it(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    """The script's child would hold the pipes, and so the thread that reads them, for a minute."""
    path = write(tmp_path / "a.wav", tone(1))
    (tmp_path / "n").touch()
    stand_in("(for i in $(seq 1200); do date +%N > $N; sleep 0.05; done) & sleep 60")
    started_s = time.monotonic()
    with pytest.raises(AudioTimeout):
        probe(Ffmpeg(), path, max_audio_s=LIMIT_S, timeout_s=0.3)
    assert time.monotonic() - started_s < 30
    left = (tmp_path / "n").read_text()
    time.sleep(0.2)
    assert (tmp_path / "n").read_text() == left


@posix_only
def test_closing_ends_all_that_runs(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    path = write(tmp_path / "a.wav", tone(30))
    stand_in(f"{DESCRIBE}\n{PART}\nsleep 60")
    ffmpeg_ = Ffmpeg()
    reader = RecordingReader(ffmpeg_, max_audio_s=LIMIT_S)

    class ClosingSink(Samples):
        def write(self, start: int, samples: NDArray[np.int16]) -> None:
            ffmpeg_.close()

    with pytest.raises(Stopped), reader.read(path, ClosingSink, check=lambda: None):
        pass
    with pytest.raises(Stopped), reader.read(path, Samples, check=lambda: None):
        pass


def test_a_dictation_that_ffmpeg_cannot_decode_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dictation"
    path.write_bytes(b"\x03ds2" + bytes(2000))
    with pytest.raises(DictationUnsupported):
        probe(Ffmpeg(), path, max_audio_s=LIMIT_S)


def test_a_log_that_is_read_late_does_not_fail_when_ffmpeg_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = threading.Event()

    class LateThread(threading.Thread):
        def run(self) -> None:
            late.wait(10)
            super().run()

    def stop() -> None:
        raise Stopped

    monkeypatch.setattr(ffmpeg_module, "Thread", LateThread)
    path = write(tmp_path / "tone.wav", tone(30))
    with pytest.raises(Stopped):
        list(AudioDecoder(Ffmpeg(), path, check=stop, max_audio_s=LIMIT_S))
    late.set()
    for thread in threading.enumerate():
        if isinstance(thread, LateThread):
            thread.join(10)  # pytest reports what it raises


class CountingFfmpeg(Ffmpeg):
    """Counts how often ffmpeg is started."""

    n_runs = 0

    def run(self, *arguments: Any, **options: Any) -> Any:
        self.n_runs += 1
        return super().run(*arguments, **options)


def test_a_file_is_described_once_until_it_is_written_to(tmp_path: Path) -> None:
    counting = CountingFfmpeg()
    path = write(tmp_path / "received", tone(1))
    probe(counting, path, max_audio_s=LIMIT_S)
    path = path.rename(tmp_path / "original")
    described = describe(counting, path)
    assert counting.n_runs == 1
    assert described.duration_s == pytest.approx(1)

    write(path, tone(2), tone(2))
    described = describe(counting, path)
    assert counting.n_runs == 2
    assert described.duration_s == pytest.approx(2)
    assert described.tracks[0].n_channels == 2


def test_few_files_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_module, "N_KNOWN_CONTAINERS", 0)
    counting = CountingFfmpeg()
    path = write(tmp_path / "tone", tone(1))
    assert describe(counting, path) == describe(counting, path)
    assert counting.n_runs == 2
