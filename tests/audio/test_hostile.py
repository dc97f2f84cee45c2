"""Hostile and damaged files are decoded or refused in bounded time, and ffmpeg opens no other file or address."""

import math
import os
import random
import socket
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from localwhisper.audio.ffmpeg import Ffmpeg, ffmpeg_path
from localwhisper.audio.media_types import is_recording
from localwhisper.audio.probe import probe
from localwhisper.errors import AudioTimeout, AudioTooLong, AudioUnreadable, LocalWhisperError, NoAudioTrack
from tests.audio.recordings import ffmpeg, write
from tests.speech import decoded

LIMIT_S = 12 * 3600
SOUND_S = 3.0
CODECS = {
    "wav": [],
    "mp3": [],
    "m4a": [],
    "flac": [],
    "ogg": ["-c:a", "libvorbis"],
    "opus": [],
    "webm": [],
    "mkv": [],
    "mov": [],
    "mp4": [],
    "aac": [],
    "aiff": [],
    "wma": [],
    "ac3": [],
    "amr": ["-ar", "8000", "-ac", "1"],
    "caf": [],
    "3gp": [],
    "avi": [],
    "ts": [],
    "w64": [],
    "au": [],
}
REFUSALS = (AudioUnreadable, NoAudioTrack, AudioTooLong, AudioTimeout)
Make = Callable[..., Path]


def header(n_data_bytes: int, *, rate: int = 16000, channels: int = 1, bits: int = 16, kind: int = 1) -> bytes:
    """The header of a WAV file."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, (rate * frame) & 0xFFFFFFFF, frame, bits)
    return (
        b"RIFF"
        + struct.pack("<I", (36 + n_data_bytes) & 0xFFFFFFFF)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", n_data_bytes & 0xFFFFFFFF)
    )


def tone(n: int, rate: int = 16000) -> bytes:
    return struct.pack(f"<{n}h", *(round(9000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(n)))


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same tone of three seconds in each container."""
    folder = tmp_path_factory.mktemp("sounds")
    source = write(folder / "tone.wav", np.frombuffer(tone(round(SOUND_S * 16000)), "<i2"))
    paths = {}
    for kind, options in CODECS.items():
        try:
            ffmpeg("-i", source, *options, folder / f"sound.{kind}")
        except subprocess.CalledProcessError:
            continue  # this ffmpeg lacks the encoder
        paths[kind] = folder / f"sound.{kind}"
    assert len(paths) >= 15
    return paths


def probe_and_decode(path: Path, max_audio_s: float = LIMIT_S) -> tuple[float, float] | LocalWhisperError:
    """The duration in seconds as probed and as decoded, or the error."""
    started_s = time.monotonic()
    try:
        info = probe(Ffmpeg(), path, max_audio_s=max_audio_s, timeout_s=20)
        n = len(decoded(path, max_audio_s=60))
        return info.duration_s, n / 16000
    except REFUSALS as error:
        return error
    finally:
        assert time.monotonic() - started_s < 60


def probe_and_decode_all(paths: dict[str, Path]) -> dict[str, tuple[float, float] | LocalWhisperError]:
    with ThreadPoolExecutor(3) as pool:
        return dict(zip(paths, pool.map(probe_and_decode, paths.values()), strict=True))


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    yield
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if children.exists():
        names = [Path(f"/proc/{pid}/comm") for pid in children.read_text().split()]
        assert not [name for name in names if name.exists() and "ffmpeg" in name.read_text()]


def test_every_container_with_a_wrong_extension(sounds: dict[str, Path], tmp_path: Path) -> None:
    misnamed = {kind: tmp_path / f"{kind}.m3u8" for kind in sounds}
    for kind, path in misnamed.items():
        path.write_bytes(sounds[kind].read_bytes())
    for kind, result in probe_and_decode_all(misnamed).items():
        assert isinstance(result, tuple), f"{kind}: {result}"
        assert abs(result[1] - SOUND_S) < 0.3, kind


def test_every_container_is_recognised_without_a_name(sounds: dict[str, Path], tmp_path: Path) -> None:
    for kind, path in sounds.items():
        (tmp_path / "recording").write_bytes(path.read_bytes())
        assert is_recording(tmp_path / "recording"), kind


@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_truncated_files(sounds: dict[str, Path], tmp_path: Path, share: float) -> None:
    cut = {kind: tmp_path / path.name for kind, path in sounds.items()}
    for kind, path in cut.items():
        whole = sounds[kind].read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
    for kind, result in probe_and_decode_all(cut).items():
        if isinstance(result, tuple):
            assert 0 < result[1] <= SOUND_S + 0.3, kind


def test_files_with_random_bytes(sounds: dict[str, Path], tmp_path: Path) -> None:
    rng = random.Random(5)
    noisy = {kind: tmp_path / path.name for kind, path in sounds.items()}
    for kind, path in noisy.items():
        data = bytearray(sounds[kind].read_bytes())
        for _ in range(len(data) // 50):
            data[rng.randrange(len(data) // 10, len(data))] = rng.randrange(256)
        path.write_bytes(data)
    for kind, result in probe_and_decode_all(noisy).items():
        if isinstance(result, tuple):
            assert 0 < result[1] <= 60.1, kind


def png() -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(b"\x00\x00")) + part(b"IEND", b"")


SECOND = tone(16000)
NOT_SOUND: dict[str, bytes] = {
    "zero bytes": b"",
    "one byte": b"R",
    "text": "¿Qué tal?\n".encode() * 500,
    "html": b"<!doctype html><p>no" * 50,
    "json": b'{"file": "/etc/passwd"}',
    "zeros": bytes(100_000),
    "ones": b"\xff" * 100_000,
    "png": png(),
    "zip": b"PK\x03\x04" + bytes(1000),
    "pdf": b"%PDF-1.7\n" + b"x" * 1000,
    "elf": b"\x7fELF" + bytes(1000),
    "gzip": b"\x1f\x8b\x08" + bytes(1000),
    "only a riff header": header(0)[:12],
    "wav without samples": header(0),
    "wav of no channels": header(32000, channels=0) + SECOND,
    "wav of rate 0": header(32000, rate=0) + SECOND,
    "wav of 0 bits": header(32000, bits=0) + SECOND,
    "unknown codec": header(32000, kind=0x7777) + SECOND,
    "id3 that claims 256 MB": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(5000),
    "atom of 2^63 bytes": struct.pack(">I", 1) + b"ftyp" + struct.pack(">Q", 2**63 - 1) + bytes(1000),
    "atoms in atoms": b"".join(struct.pack(">I4s", 8 * (4000 - n), b"moov") for n in range(4000)),
    "srt": b"1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    "ass": b"[Script Info]\n[Events]\nDialogue: 0,0:00:00.00\n",
    "ebml without end": b"\x1aE\xdf\xa3" + b"\x01" + b"\xff" * 7 + bytes(1000),
}


@pytest.mark.parametrize(
    "name", ["text", "html", "json", "zeros", "ones", "png", "zip", "pdf", "elf", "gzip", "srt", "ass"]
)
def test_a_file_of_another_kind_is_not_taken_for_a_recording(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(NOT_SOUND[name])
    assert not is_recording(path)
    path.write_bytes("This is UTF-16".encode("utf-16"))
    assert not is_recording(path)


@pytest.mark.parametrize("name", NOT_SOUND)
def test_a_file_without_audio_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(NOT_SOUND[name])
    result = probe_and_decode(path)
    assert isinstance(result, AudioUnreadable), result


STRANGE: dict[str, tuple[bytes, float]] = {
    "one sample": (header(2) + tone(1), 1 / 16000),
    "claims 4 GB": (header(0xFFFFFFF0) + SECOND, 1.0),
    "claims nothing": (header(0) + SECOND, 1.0),
    "8 bit": (header(8000, rate=8000, bits=8) + bytes(128 + round(90 * math.sin(i / 3)) for i in range(8000)), 1.0),
    "96 kHz": (header(192000, rate=96000) + tone(96000, 96000), 1.0),
    "192 kHz, 8 channels": (header(16 * 19200, rate=192000, channels=8) + bytes(16 * 19200), 0.1),
    "5.1 channels": (header(12 * 16000, channels=6) + b"".join(SECOND[i : i + 2] * 6 for i in range(0, 32000, 2)), 1.0),
    "rate 1": (header(20, rate=1) + tone(10), 10.0),
    "NaN floats": (header(64000, bits=32, kind=3) + np.full(16000, np.nan, "<f4").tobytes(), 1.0),
    "infinite floats": (header(64000, bits=32, kind=3) + np.full(16000, np.inf, "<f4").tobytes(), 1.0),
    "64-bit floats": (header(128000, bits=64, kind=3) + np.sin(np.arange(16000.0) / 6).astype("<f8").tobytes(), 1.0),
    "24 bit": (header(48000, bits=24) + bytes(48000), 1.0),
    "two files in one": (header(32000) + SECOND + header(32000) + SECOND, 1.0),
    "garbage before": (b"\x00" * 300 + header(32000) + SECOND, 1.0),
}


@pytest.mark.parametrize("name", STRANGE)
def test_unusual_audio_is_decoded_or_refused(tmp_path: Path, name: str) -> None:
    data, duration_s = STRANGE[name]
    path = tmp_path / "file.wav"
    path.write_bytes(data)
    result = probe_and_decode(path)
    if isinstance(result, tuple):
        assert abs(result[1] - duration_s) < 0.1 * duration_s + 0.1, name
    else:
        assert name in ("rate 1", "one sample", "garbage before"), f"{name}: {result}"


def test_several_tracks_a_cover_and_no_audio_track(sounds: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "cover.png").write_bytes(png())
    tone_wav = sounds["wav"]
    ffmpeg("-i", tone_wav, "-i", tone_wav, "-map", "0", "-map", "1", tmp_path / "two.mkv")
    ffmpeg(
        "-i",
        tone_wav,
        "-i",
        tmp_path / "cover.png",
        "-map",
        "0",
        "-map",
        "1",
        "-c:v",
        "png",
        "-disposition:v",
        "attached_pic",
        tmp_path / "cover.mp3",
    )
    ffmpeg("-f", "lavfi", "-i", "color=s=16x16:d=1", tmp_path / "silent film.mp4")
    for name in ("two.mkv", "cover.mp3"):
        result = probe_and_decode(tmp_path / name)
        assert isinstance(result, tuple)
        assert abs(result[1] - SOUND_S) < 0.2
    assert isinstance(probe_and_decode(tmp_path / "silent film.mp4"), NoAudioTrack)


def test_hours_of_silence_in_a_small_file_are_refused(tmp_path: Path) -> None:
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "anullsrc=r=8000:cl=mono",
        "-t",
        "7200",
        "-c:a",
        "flac",
        "-frame_size",
        "65535",
        tmp_path / "hours.flac",
    )
    assert (tmp_path / "hours.flac").stat().st_size < 100_000
    assert isinstance(probe_and_decode(tmp_path / "hours.flac", max_audio_s=3600), AudioTooLong)


@pytest.mark.parametrize(
    "name",
    ["-i.wav", "file:x.wav", "http:__x.wav", "concat:a|b.wav", "%d.wav", "a\nb.wav", "\u202e.wav", "n" * 250 + ".wav"],
)
def test_file_names_are_never_interpreted(sounds: dict[str, Path], tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(sounds["wav"].read_bytes())
    result = probe_and_decode(path)
    assert isinstance(result, tuple)
    assert abs(result[1] - SOUND_S) < 0.1


# -- references to other files and addresses --------------------------------------------


@pytest.fixture
def canary(sounds: dict[str, Path], tmp_path: Path) -> Iterator[tuple[Path, int, list[str]]]:
    """A file that must not be opened, a port that must not be connected to, and a list of the connections to it."""
    path = tmp_path / "canary.wav"
    path.write_bytes(sounds["wav"].read_bytes())
    os.utime(path, (1, 1_000_000_000))
    connections: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append("connected")
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield path, listener.getsockname()[1], connections
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def references(path: Path, port: int) -> dict[str, bytes]:
    targets = {"file": f"file://{path}", "path": str(path), "http": f"http://127.0.0.1:{port}/x.wav", "name": path.name}
    files: dict[str, str] = {}
    for kind, target in targets.items():
        files[f"m3u8 {kind}"] = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n"
        files[f"m3u8 key {kind}"] = (
            f'#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:9,\n{target}\n'
        )
        files[f"concat {kind}"] = f"ffconcat version 1.0\nfile '{target}'\n"
        files[f"dash {kind}"] = (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            f'mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="audio/wav"><Representation id="1">'
            f"<BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>"
        )
        files[f"asx {kind}"] = f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>'
        files[f"pls {kind}"] = f"[playlist]\nFile1={target}\nNumberOfEntries=1\nVersion=2\n"
        files[f"sdp {kind}"] = (
            f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns={target}\nc=IN IP4 127.0.0.1\nm=audio {port} RTP/AVP 0\n"
        )
        files[f"smil {kind}"] = f'<smil><body><audio src="{target}"/></body></smil>'
        files[f"imf {kind}"] = f'<?xml version="1.0"?><AssetMap><Path>{target}</Path></AssetMap>'
    return {name: text.encode() for name, text in files.items()} | {
        f"mov reference {kind}": movie_with_reference(target) for kind, target in targets.items()
    }


def movie_with_reference(target: str) -> bytes:
    """A QuickTime file whose only track is in another file."""

    def atom(kind: bytes, *parts: bytes) -> bytes:
        data = b"".join(parts)
        return struct.pack(">I4s", 8 + len(data), kind) + data

    url = atom(b"url ", struct.pack(">I", 0), target.encode() + b"\0")
    alias = atom(b"alis", struct.pack(">I", 0), struct.pack(">I", 0) + bytes(150) + target.encode() + b"\0")
    entry = atom(b"sowt", bytes(6), struct.pack(">H", 1), bytes(8), struct.pack(">HHHHI", 1, 16, 0, 0, 16000 << 16))
    table = atom(
        b"stbl",
        atom(b"stsd", struct.pack(">II", 0, 1), entry),
        atom(b"stts", struct.pack(">IIII", 0, 1, 48000, 1)),
        atom(b"stsc", struct.pack(">IIIII", 0, 1, 1, 48000, 1)),
        atom(b"stsz", struct.pack(">III", 0, 2, 48000)),
        atom(b"stco", struct.pack(">III", 0, 1, 44)),
    )
    info = atom(
        b"minf", atom(b"smhd", bytes(8)), atom(b"dinf", atom(b"dref", struct.pack(">II", 0, 2), url, alias)), table
    )
    media = atom(
        b"mdia",
        atom(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 16000, 48000, 0, 0)),
        atom(b"hdlr", bytes(4), b"mhlr", b"soun", bytes(13)),
        info,
    )
    track = atom(b"trak", atom(b"tkhd", struct.pack(">IIIIII", 7, 0, 0, 1, 0, 48000), bytes(60)), media)
    movie = atom(b"moov", atom(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 16000, 48000), bytes(80)), track)
    return atom(b"ftyp", b"qt  ", bytes(4), b"qt  ") + movie


def test_references_are_not_followed(canary: tuple[Path, int, list[str]], tmp_path: Path) -> None:
    path, port, connections = canary
    before = path.stat().st_atime_ns
    files: dict[str, Path] = {}
    for n, (name, data) in enumerate(references(path, port).items()):
        files[name] = tmp_path / f"upload{n}"  # in the same folder, so that the bare name is a valid reference
        files[name].write_bytes(data)
    result = probe_and_decode_all(files)
    assert len(result) >= 40
    assert {name: result for name, result in result.items() if isinstance(result, tuple)} == {}
    assert connections == []
    assert path.stat().st_atime_ns == before


def test_an_unrestricted_ffmpeg_follows_references(canary: tuple[Path, int, list[str]], tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    path, port, connections = canary
    listing = tmp_path / "list"
    listing.write_bytes(references(path, port)["concat http"])
    unrestricted = [
        "-f",
        "concat",
        "-safe",
        "0",
        "-protocol_whitelist",
        "file,http,tcp",
        "-i",
        str(listing),
        "-f",
        "null",
        "-",
    ]
    subprocess.run([ffmpeg_path(), "-nostdin", "-v", "quiet", *unrestricted], check=False, timeout=120)
    assert connections
