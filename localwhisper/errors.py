"""The domain's errors: one class a problem, with a stable code and the parameters of its text.

The texts live in messages.py, the HTTP statuses in server/http_errors.py.
"""

import errno
from typing import ClassVar

from localwhisper.messages import Message, render


class LocalWhisperError(Exception):
    """Base of every error a person may see; str() is its English text."""

    code: ClassVar[str] = "internal_error"

    def __init__(self, **params: object) -> None:
        super().__init__()
        self.params = params

    @property
    def message(self) -> Message:
        return Message(self.code, self.params)

    def __str__(self) -> str:
        return render(self.message, "en")


# -- what was asked for ------------------------------------------------------------------


class InvalidOption(LocalWhisperError):
    """Params: field, value, accepted."""

    code = "invalid_option"


class UnknownOption(LocalWhisperError):
    """Params: field, accepted."""

    code = "unknown_option"


class DuplicateField(LocalWhisperError):
    """Params: field."""

    code = "duplicate_field"


class MissingFile(LocalWhisperError):
    """Params: field."""

    code = "missing_file"


class InvalidBody(LocalWhisperError):
    """Params: reason."""

    code = "invalid_body"


class UploadTooLarge(LocalWhisperError):
    """Params: limit_bytes."""

    code = "upload_too_large"


# -- jobs --------------------------------------------------------------------------------


class JobNotFound(LocalWhisperError):
    """Params: job_id."""

    code = "job_not_found"


class JobAlreadyFinished(LocalWhisperError):
    """Params: state."""

    code = "job_already_finished"


class JobNotFinished(LocalWhisperError):
    """Params: state."""

    code = "job_not_finished"


class JobWasCancelled(LocalWhisperError):
    """Somebody else cancelled the job whose result was waited for."""

    code = "job_was_cancelled"


class JobNotRetryable(LocalWhisperError):
    """Params: state."""

    code = "job_not_retryable"


class TranscriptChanged(LocalWhisperError):
    """Someone else corrected the transcript meanwhile. Params: version."""

    code = "transcript_changed"


class JobDamaged(LocalWhisperError):
    """Params: file."""

    code = "job_damaged"


class JobCrashed(LocalWhisperError):
    """The program ended by itself while it ran the job, again and again at the same place."""

    code = "job_crashed"


class InvalidTransition(LocalWhisperError):
    """A program error: a state change that MOVES does not list. Params: job_id, old, new."""

    code = "invalid_transition"


# -- audio -------------------------------------------------------------------------------


class FfmpegMissing(LocalWhisperError):
    code = "ffmpeg_missing"


class AudioUnreadable(LocalWhisperError):
    """Params: reason."""

    code = "audio_unreadable"


class NoAudioTrack(LocalWhisperError):
    code = "no_audio_track"


class AudioTooLong(LocalWhisperError):
    """Params: limit_s."""

    code = "audio_too_long"


class AudioTimeout(LocalWhisperError):
    """Params: timeout_s."""

    code = "audio_timeout"


# -- models ------------------------------------------------------------------------------


class ModelNotFound(LocalWhisperError):
    """Params: model, accepted."""

    code = "model_not_found"


class ModelDownloadFailed(LocalWhisperError):
    """Params: model, reason."""

    code = "model_download_failed"


class ModelCorrupt(LocalWhisperError):
    """Params: model, reason."""

    code = "model_corrupt"


class CheckpointUnusable(LocalWhisperError):
    """What was to be imported. Params: model, reason."""

    code = "checkpoint_unusable"


class ModelBundled(LocalWhisperError):
    """The bundled model can't be removed. Params: model."""

    code = "model_bundled"


class ModelCannotTranslate(LocalWhisperError):
    """Params: model."""

    code = "model_cannot_translate"


class OutOfMemory(LocalWhisperError):
    """Params: model."""

    code = "out_of_memory"


class MemoryFull(LocalWhisperError):
    """The machine has no memory left for what was asked."""

    code = "memory_full"


class EngineNotLoaded(LocalWhisperError):
    """torch could not be imported; a second try in the same process can't succeed either."""

    code = "engine_not_loaded"


# -- the machine -------------------------------------------------------------------------


class StorageFull(LocalWhisperError):
    code = "storage_full"


class StorageUnwritable(LocalWhisperError):
    """Params: path, reason."""

    code = "storage_unwritable"


class DataDirInUse(LocalWhisperError):
    """Params: path."""

    code = "data_dir_in_use"


class PortInUse(LocalWhisperError):
    """Params: host, port."""

    code = "port_in_use"


class StoreTooNew(LocalWhisperError):
    """Written by a newer version. Params: found, known."""

    code = "store_too_new"


class QueueNotRunning(LocalWhisperError):
    code = "queue_not_running"


class FileMissing(LocalWhisperError):
    """On the command line. Params: path."""

    code = "file_missing"


class NotOnThisSystem(LocalWhisperError):
    """Params: system."""

    code = "not_on_this_system"


class ServerNotStarting(LocalWhisperError):
    code = "server_not_starting"


class BadSetting(LocalWhisperError):
    """Params: name, value, accepted."""

    code = "bad_setting"


class InternalError(LocalWhisperError):
    """Params: log_id, under which the traceback stands in the log."""

    code = "internal_error"


def lacks_memory(error: BaseException | None) -> bool:
    """Whether the system refused memory: for an object, a thread or a process."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    is_thread = isinstance(error, RuntimeError) and "can't start new thread" in str(error)
    return isinstance(error, MemoryError) or is_thread


# -- control flow ------------------------------------------------------------------------


class Stopped(Exception):
    """Raised at a yield point of the work once its control says stop; not an error to show."""
