"""The domain's errors: one class for each problem, with a stable code and typed parameters.

Their texts live in messages.py, their HTTP statuses in server/http_errors.py.
"""

import errno
from dataclasses import dataclass, fields
from typing import ClassVar

from localwhisper.messages import Message, render


@dataclass(kw_only=True, eq=False)
class LocalWhisperError(Exception):
    """Base of every error shown to people; str() is its English text.

    The fields of a subclass are the keyword arguments of its constructor and the parameters of its text.
    """

    code: ClassVar[str] = "internal_error"

    @property
    def params(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def message(self) -> Message:
        return Message(self.code, self.params)

    def __str__(self) -> str:
        return render(self.message, "en")


def error_from(message: Message) -> LocalWhisperError:
    """The error whose message was stored, such as a failed job's.

    A stored record may be damaged or come from another version: missing parameters become "?", unknown ones are
    ignored, and an unknown code becomes InternalError.
    """
    classes = {error.code: error for error in LocalWhisperError.__subclasses__()}
    error_class = classes.get(message.code, InternalError)
    return error_class(**{field.name: message.params.get(field.name, "?") for field in fields(error_class)})


# -- requests ----------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class InvalidOption(LocalWhisperError):
    code = "invalid_option"
    field: str
    value: str
    accepted: str


@dataclass(kw_only=True, eq=False)
class UnknownOption(LocalWhisperError):
    code = "unknown_option"
    field: str
    accepted: str


@dataclass(kw_only=True, eq=False)
class DuplicateField(LocalWhisperError):
    code = "duplicate_field"
    field: str


@dataclass(kw_only=True, eq=False)
class MissingFile(LocalWhisperError):
    code = "missing_file"
    field: str


@dataclass(kw_only=True, eq=False)
class InvalidBody(LocalWhisperError):
    code = "invalid_body"
    reason: str


@dataclass(kw_only=True, eq=False)
class UploadTooLarge(LocalWhisperError):
    code = "upload_too_large"
    limit_bytes: int


# -- jobs --------------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class JobNotFound(LocalWhisperError):
    code = "job_not_found"
    job_id: str


@dataclass(kw_only=True, eq=False)
class JobAlreadyFinished(LocalWhisperError):
    code = "job_already_finished"
    state: str


@dataclass(kw_only=True, eq=False)
class JobNotFinished(LocalWhisperError):
    code = "job_not_finished"
    state: str


class JobWasCancelled(LocalWhisperError):
    """The job was cancelled while a client waited for its result."""

    code = "job_was_cancelled"


@dataclass(kw_only=True, eq=False)
class JobNotRetryable(LocalWhisperError):
    code = "job_not_retryable"
    state: str


@dataclass(kw_only=True, eq=False)
class TranscriptChanged(LocalWhisperError):
    """The correction is based on a version of the transcript that is no longer current."""

    code = "transcript_changed"
    version: int


@dataclass(kw_only=True, eq=False)
class JobDamaged(LocalWhisperError):
    code = "job_damaged"
    file: str


class JobCrashed(LocalWhisperError):
    """The program died repeatedly in the same window of the job."""

    code = "job_crashed"


@dataclass(kw_only=True, eq=False)
class InvalidTransition(LocalWhisperError):
    """A bug: a state change that jobs/transitions.py does not list."""

    code = "invalid_transition"
    job_id: str
    old: str
    new: str


# -- audio -------------------------------------------------------------------------------


class FfmpegMissing(LocalWhisperError):
    code = "ffmpeg_missing"


@dataclass(kw_only=True, eq=False)
class AudioUnreadable(LocalWhisperError):
    code = "audio_unreadable"
    reason: str


class NoAudioTrack(LocalWhisperError):
    code = "no_audio_track"


@dataclass(kw_only=True, eq=False)
class AudioTooLong(LocalWhisperError):
    code = "audio_too_long"
    limit_s: int


@dataclass(kw_only=True, eq=False)
class AudioTimeout(LocalWhisperError):
    code = "audio_timeout"
    timeout_s: int


# -- models ------------------------------------------------------------------------------


@dataclass(kw_only=True, eq=False)
class ModelNotFound(LocalWhisperError):
    code = "model_not_found"
    model: str
    accepted: str


@dataclass(kw_only=True, eq=False)
class ModelDownloadFailed(LocalWhisperError):
    code = "model_download_failed"
    model: str
    reason: str


@dataclass(kw_only=True, eq=False)
class ModelCorrupt(LocalWhisperError):
    code = "model_corrupt"
    model: str
    reason: str


@dataclass(kw_only=True, eq=False)
class CheckpointUnusable(LocalWhisperError):
    """The file or folder to be imported can't be used."""

    code = "checkpoint_unusable"
    model: str
    reason: str


@dataclass(kw_only=True, eq=False)
class ModelBundled(LocalWhisperError):
    """The bundled model can't be removed or replaced."""

    code = "model_bundled"
    model: str


@dataclass(kw_only=True, eq=False)
class ModelCannotTranslate(LocalWhisperError):
    code = "model_cannot_translate"
    model: str


@dataclass(kw_only=True, eq=False)
class OutOfMemory(LocalWhisperError):
    code = "out_of_memory"
    model: str


class MemoryFull(LocalWhisperError):
    """The machine has no memory left for the request."""

    code = "memory_full"


class EngineNotLoaded(LocalWhisperError):
    """torch could not be imported. A second try in the same process can't succeed."""

    code = "engine_not_loaded"


# -- the machine -------------------------------------------------------------------------


class StorageFull(LocalWhisperError):
    code = "storage_full"


@dataclass(kw_only=True, eq=False)
class StorageUnwritable(LocalWhisperError):
    code = "storage_unwritable"
    path: str
    reason: str


@dataclass(kw_only=True, eq=False)
class DataDirInUse(LocalWhisperError):
    code = "data_dir_in_use"
    path: str


@dataclass(kw_only=True, eq=False)
class PortInUse(LocalWhisperError):
    code = "port_in_use"
    host: str
    port: int


@dataclass(kw_only=True, eq=False)
class StoreTooNew(LocalWhisperError):
    """The data directory was written by a newer version."""

    code = "store_too_new"
    found: int
    known: int


class QueueNotRunning(LocalWhisperError):
    code = "queue_not_running"


@dataclass(kw_only=True, eq=False)
class FileMissing(LocalWhisperError):
    """A file or folder named on the command line does not exist."""

    code = "file_missing"
    path: str


@dataclass(kw_only=True, eq=False)
class NotOnThisSystem(LocalWhisperError):
    """The command is not available on this operating system."""

    code = "not_on_this_system"
    system: str


class ServerNotStarting(LocalWhisperError):
    code = "server_not_starting"


@dataclass(kw_only=True, eq=False)
class BadSetting(LocalWhisperError):
    code = "bad_setting"
    name: str
    value: str
    accepted: str


@dataclass(kw_only=True, eq=False)
class InternalError(LocalWhisperError):
    """An unexpected exception; its traceback is in the log under `log_id`."""

    code = "internal_error"
    log_id: str


def lacks_memory(error: BaseException | None) -> bool:
    """Whether the system refused memory for an object, a thread or a process."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    is_thread = isinstance(error, RuntimeError) and "can't start new thread" in str(error)
    return isinstance(error, MemoryError) or is_thread


# -- control flow ------------------------------------------------------------------------


class Stopped(Exception):
    """Raised where work checks its control, once it has been told to stop. Never shown to people."""
