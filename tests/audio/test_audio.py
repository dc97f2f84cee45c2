"""Media files decode to the same samples as in openai-whisper; other files give a clear error."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from localwhisper.audio import ffmpeg
from localwhisper.audio.decode import AudioDecoder
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.audio.probe import probe
from localwhisper.errors import AudioTooLong, AudioUnreadable, FfmpegMissing, LocalWhisperError, NoAudioTrack, Stopped
from tests.http_client import wav
from tests.speech import decoded

FORMATS = {
    "wav": ["-c:a", "pcm_s16le"],
    "mp3": ["-c:a", "libmp3lame"],
    "m4a": ["-c:a", "aac"],
    "aac": ["-c:a", "aac"],
    "flac": ["-c:a", "flac"],
    "ogg": ["-c:a", "libvorbis"],
    "opus": ["-c:a", "libopus"],
    "webm": ["-c:a", "libopus"],
    "mp4": ["-c:a", "aac"],
    "mkv": ["-c:a", "flac"],
    "mov": ["-c:a", "pcm_s16le"],
}
LIMIT_S = 3600


def make(path: Path, *arguments: str, seconds: float = 2) -> Path:
    source = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"]
    command = [ffmpeg.ffmpeg_path(), "-v", "error", "-y", *source, *arguments, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def samples(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return decoded(path)


@pytest.fixture(params=["packaged", "on the PATH"])
def either_ffmpeg(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = ffmpeg._packaged_ffmpeg()
    assert packaged is not None
    folder = tmp_path / "bin"
    folder.mkdir()
    if request.param == "on the PATH":
        (folder / "ffmpeg").symlink_to(packaged)
    monkeypatch.setenv("PATH", str(folder))
    assert (ffmpeg.ffmpeg_path() == packaged) is (request.param == "packaged")


@pytest.mark.usefixtures("either_ffmpeg")
@pytest.mark.parametrize("extension", FORMATS)
def test_the_format_is_detected_from_the_content(tmp_path: Path, extension: str) -> None:
    path = make(tmp_path / f"tone.{extension}", *FORMATS[extension])
    disguised = path.rename(tmp_path / "-strange:name %d.txt")
    assert probe(Ffmpeg(), disguised, max_audio_s=LIMIT_S).duration_s == pytest.approx(2, abs=0.15)
    assert len(samples(disguised)) == pytest.approx(32000, abs=2400)


def test_samples_match_openai_whisper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import whisper

    (tmp_path / "ffmpeg").symlink_to(ffmpeg.ffmpeg_path())
    monkeypatch.setenv("PATH", str(tmp_path))
    path = make(tmp_path / "stereo.mp3", "-ac", "2", "-ar", "44100", seconds=20)
    theirs = whisper.load_audio(str(path))
    np.testing.assert_array_equal(samples(path).astype(np.float32) / 32768.0, theirs)


def test_a_video_with_sound(tmp_path: Path) -> None:
    video = ["-f", "lavfi", "-i", "color=red:size=64x64:duration=2", "-shortest", "-c:v", "mpeg4", "-c:a", "aac"]
    assert probe(Ffmpeg(), make(tmp_path / "v.mp4", *video), max_audio_s=LIMIT_S).duration_s == pytest.approx(
        2, abs=0.2
    )


def test_a_video_without_sound(tmp_path: Path) -> None:
    video = ["-f", "lavfi", "-i", "color=red:size=64x64:duration=1", "-map", "1:v", "-c:v", "mpeg4"]
    with pytest.raises(NoAudioTrack):
        probe(Ffmpeg(), make(tmp_path / "silent.mp4", *video), max_audio_s=LIMIT_S)


def test_the_duration_is_measured_if_the_header_has_none(tmp_path: Path) -> None:
    path = tmp_path / "live.webm"
    with path.open("wb") as file:  # ffmpeg can't seek in a pipe, so it writes no duration
        source = ["-f", "lavfi", "-i", "sine=duration=3", "-c:a", "libopus", "-f", "webm", "-"]
        subprocess.run([ffmpeg.ffmpeg_path(), "-v", "error", *source], stdout=file, check=True)
    assert probe(Ffmpeg(), path, max_audio_s=LIMIT_S).duration_s == pytest.approx(3, abs=0.1)


SECRET = "file:///etc/hostname"
NOT_AUDIO = {
    "empty": b"",
    "text": b"Dear diary, today I recorded nothing at all.\n" * 20,
    "wav header alone": wav(1.0)[:44],
    "half a header": wav(1.0)[:20],
    "zeros": bytes(5000),
    "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{SECRET}\n#EXT-X-ENDLIST\n".encode(),
    "concat": b"ffconcat version 1.0\nfile '/etc/hostname'\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
}


@pytest.mark.parametrize("name", NOT_AUDIO)
def test_a_file_that_is_not_audio_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(NOT_AUDIO[name])
    with pytest.raises(LocalWhisperError) as raised:
        probe(Ffmpeg(), path, max_audio_s=LIMIT_S)
    assert raised.value.code in ("audio_unreadable", "no_audio_track")
    with pytest.raises(AudioUnreadable):
        samples(path)


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    """Even if the file that it names is valid audio."""
    make(tmp_path / "tone.wav")
    for name, text in (
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\ntone.wav\n#EXT-X-ENDLIST\n"),
        ("a.txt", "ffconcat version 1.0\nfile tone.wav\n"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(AudioUnreadable):
            probe(Ffmpeg(), tmp_path / name, max_audio_s=LIMIT_S)


def test_a_truncated_file_gives_the_samples_it_has(tmp_path: Path) -> None:
    path = make(tmp_path / "whole.mp3", seconds=10)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert len(samples(path)) == pytest.approx(5 * 16000, rel=0.1)


def test_audio_beyond_the_limit_is_refused_and_not_decoded(tmp_path: Path) -> None:
    path = make(tmp_path / "tone.flac", seconds=5)
    with pytest.raises(AudioTooLong):
        probe(Ffmpeg(), path, max_audio_s=4)
    assert len(decoded(path, max_audio_s=4)) == 4 * 16000


def test_the_duration_is_measured_if_the_header_claims_too_much(tmp_path: Path) -> None:
    audio = bytearray(wav(2.0))
    audio[40:44] = (0x7FFFFFF0).to_bytes(4, "little")
    (tmp_path / "claims-hours.wav").write_bytes(audio)
    assert probe(Ffmpeg(), tmp_path / "claims-hours.wav", max_audio_s=LIMIT_S).duration_s == pytest.approx(2, abs=0.1)


def test_stopping_ends_the_process(tmp_path: Path) -> None:
    path = make(tmp_path / "long.wav", seconds=120)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise Stopped

    with pytest.raises(Stopped):
        list(AudioDecoder(Ffmpeg(), path, check=check, max_audio_s=LIMIT_S))
    if sys.platform == "linux":
        children = Path("/proc/self/task").glob("*/children")
        named = [Path(f"/proc/{pid}/comm") for file in children for pid in file.read_text().split()]
        assert not [path for path in named if path.exists() and "ffmpeg" in path.read_text()]


def test_a_missing_ffmpeg_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ffmpeg, "_packaged_ffmpeg", lambda: None)
    with pytest.raises(FfmpegMissing):
        ffmpeg.ffmpeg_path()
