"""Which of a file's audio tracks to read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from localwhisper.audio.container import Container, Track
from localwhisper.audio.decode import AudioDecoder, Source
from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.errors import AudioTrackNotFound, AudioUnreadable
from localwhisper.languages import whisper_code

MAX_SILENCE = 16  # of 16-bit samples, -66 dB: a muted source, with a codec's or a dither's noise


@dataclass(frozen=True)
class TrackChoice:
    track: Track
    n_tracks: int
    is_wanted: bool = False  # the user chose it
    after_silent: bool = False  # those before it are silent


def find_track(tracks: tuple[Track, ...], wanted: str) -> Track:
    """`wanted`: a number from 1, or a language of whisper's. Raises AudioTrackNotFound."""
    for track in tracks:
        if wanted in (str(track.number), whisper_code(track.language or "")):
            return track
    names = (f"{track.number} ({track.language})" if track.language else str(track.number) for track in tracks)
    raise AudioTrackNotFound(track=wanted, accepted=", ".join(names))


def choose_track(
    ffmpeg: Ffmpeg,
    path: Path,
    container: Container,
    wanted: str | None,
    *,
    check: Callable[[], None],
    max_audio_s: float,
) -> TrackChoice:
    """The wanted track, else the first that isn't silent; the file's default track is tried first.

    Raises AudioTrackNotFound, and what decoding raises.
    """
    tracks, n_tracks = container.tracks, len(container.tracks)
    if wanted is not None:
        return TrackChoice(find_track(tracks, wanted), n_tracks, is_wanted=True)
    if n_tracks == 1:
        return TrackChoice(tracks[0], 1)
    in_order = sorted(tracks, key=lambda track: (not track.is_default, track.number))
    for track in in_order:
        source = Source(track.number, n_channels=track.n_channels)  # not the mix: channels may cancel each other out
        decoder = AudioDecoder(ffmpeg, path, source, check=check, max_audio_s=max_audio_s)
        if not _is_silent(decoder):
            return TrackChoice(track, n_tracks, after_silent=track is not in_order[0])
    return TrackChoice(in_order[0], n_tracks)


def _is_silent(decoder: AudioDecoder) -> bool:
    """Decodes until something is heard. Also True for a track that can't be decoded."""
    try:
        return all(int(np.abs(block.samples.astype(np.int32)).max()) <= MAX_SILENCE for block in decoder)
    except AudioUnreadable:
        return True
