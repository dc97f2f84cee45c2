"""The errors about recordings; errors.py has all others, and these too."""

from localwhisper.base_error import LocalWhisperError


class FfmpegMissing(LocalWhisperError):
    code = "ffmpeg_missing"


class AudioUnreadable(LocalWhisperError):
    code = "audio_unreadable"
    reason: str


class NoAudioTrack(LocalWhisperError):
    code = "no_audio_track"


class AudioTrackNotFound(LocalWhisperError):
    code = "audio_track_not_found"
    track: str
    accepted: str


class AudioTooLong(LocalWhisperError):
    code = "audio_too_long"
    limit_s: int


class AudioTimeout(LocalWhisperError):
    code = "audio_timeout"
    timeout_s: int


class AudioInterrupted(LocalWhisperError):
    """The decoder ended, or the file could not be read any further, before the recording's end."""

    code = "audio_interrupted"
    done_s: int
    status: int  # of the process: negative for a signal


class DictationUnsupported(LocalWhisperError):
    """A dictation format that ffmpeg does not decode: DS2, or an encrypted DSS."""

    code = "dictation_unsupported"


class NoMicrophone(LocalWhisperError):
    """`live` can't read a microphone."""

    code = "no_microphone"
    reason: str
