"""The domain's errors: one class for each problem, with a stable code and typed parameters.

Their texts live in messages.py, their HTTP statuses in server/http_errors.py. Errors of HTTP alone are defined there.
"""

import errno

from localwhisper.audio_errors import AudioInterrupted as AudioInterrupted
from localwhisper.audio_errors import AudioTimeout as AudioTimeout
from localwhisper.audio_errors import AudioTooLong as AudioTooLong
from localwhisper.audio_errors import AudioTrackNotFound as AudioTrackNotFound
from localwhisper.audio_errors import AudioUnreadable as AudioUnreadable
from localwhisper.audio_errors import DictationUnsupported as DictationUnsupported
from localwhisper.audio_errors import FfmpegMissing as FfmpegMissing
from localwhisper.audio_errors import NoAudioTrack as NoAudioTrack
from localwhisper.audio_errors import NoMicrophone as NoMicrophone
from localwhisper.base_error import LocalWhisperError as LocalWhisperError
from localwhisper.cluster_errors import CertificatesExist as CertificatesExist
from localwhisper.cluster_errors import CertificatesMissing as CertificatesMissing
from localwhisper.cluster_errors import WorkerModel as WorkerModel
from localwhisper.cluster_errors import WorkersLost as WorkersLost
from localwhisper.cluster_errors import WorkerVersion as WorkerVersion
from localwhisper.command_errors import NotOnThisSystem as NotOnThisSystem
from localwhisper.command_errors import OutputUnwritable as OutputUnwritable
from localwhisper.command_errors import PackageMissing as PackageMissing
from localwhisper.command_errors import ServerNotStarting as ServerNotStarting
from localwhisper.model_errors import CheckpointUnusable as CheckpointUnusable
from localwhisper.model_errors import ModelBundled as ModelBundled
from localwhisper.model_errors import ModelCannotTranslate as ModelCannotTranslate
from localwhisper.model_errors import ModelCorrupt as ModelCorrupt
from localwhisper.model_errors import ModelDownloadFailed as ModelDownloadFailed
from localwhisper.model_errors import ModelNotFound as ModelNotFound
from localwhisper.model_errors import ModelTooLarge as ModelTooLarge
from localwhisper.model_errors import NoModel as NoModel
from localwhisper.model_errors import PublishedName as PublishedName

# -- requests ----------------------------------------------------------------------------


class InvalidOption(LocalWhisperError):
    code = "invalid_option"
    field: str
    value: str
    accepted: str


class UnknownOption(LocalWhisperError):
    code = "unknown_option"
    field: str
    accepted: str


class DuplicateField(LocalWhisperError):
    code = "duplicate_field"
    field: str


class MissingFile(LocalWhisperError):
    code = "missing_file"
    field: str


class InvalidBody(LocalWhisperError):
    code = "invalid_body"
    reason: str


class UploadTooLarge(LocalWhisperError):
    code = "upload_too_large"
    limit_bytes: int


class WatchedFolderNotFound(LocalWhisperError):
    code = "watched_folder_not_found"
    folder_id: str


class TermListNotFound(LocalWhisperError):
    code = "term_list_not_found"
    name: str


class KnownVoiceNotFound(LocalWhisperError):
    code = "known_voice_not_found"
    voice_id: str


# -- jobs --------------------------------------------------------------------------------


class JobNotFound(LocalWhisperError):
    code = "job_not_found"
    job_id: str


class JobAlreadyFinished(LocalWhisperError):
    code = "job_already_finished"
    state: str


class JobNotFinished(LocalWhisperError):
    code = "job_not_finished"
    state: str


class JobWasCancelled(LocalWhisperError):
    """The job was cancelled while a client waited for its result."""

    code = "job_was_cancelled"


class JobNotRetryable(LocalWhisperError):
    code = "job_not_retryable"
    state: str


class RecordingEnded(LocalWhisperError):
    """Samples for a recording that has been queued or cancelled."""

    code = "recording_ended"
    state: str


class TranscriptChanged(LocalWhisperError):
    """The correction is based on a version of the transcript that is no longer current."""

    code = "transcript_changed"
    version: int


class JobDamaged(LocalWhisperError):
    code = "job_damaged"
    file: str


class JobCrashed(LocalWhisperError):
    """The program died repeatedly in the same window of the job."""

    code = "job_crashed"


class InvalidTransition(LocalWhisperError):
    """A bug: a state change that jobs/transitions.py does not list."""

    code = "invalid_transition"
    job_id: str
    old: str
    new: str


# -- the machine -------------------------------------------------------------------------


class MemoryFull(LocalWhisperError):
    """The machine has too little free memory for a request, whatever its model."""

    code = "memory_full"


class EngineNotLoaded(LocalWhisperError):
    """torch could not be imported. A second try in the same process can't succeed."""

    code = "engine_not_loaded"


class TooFewDescriptors(LocalWhisperError):
    """The system lets this process open too few files to serve anyone."""

    code = "too_few_descriptors"
    limit: int
    needed: int


class TooManyOpenFiles(LocalWhisperError):
    """No more uploads can be received at once."""

    code = "too_many_open_files"


class StorageFull(LocalWhisperError):
    code = "storage_full"


class StorageUnwritable(LocalWhisperError):
    code = "storage_unwritable"
    path: str
    reason: str


class DataDirInUse(LocalWhisperError):
    code = "data_dir_in_use"
    path: str


class PortInUse(LocalWhisperError):
    code = "port_in_use"
    host: str
    port: int


class PortForbidden(LocalWhisperError):
    """The user may not listen on the port: on most systems those below 1024 are reserved."""

    code = "port_forbidden"
    host: str
    port: int


class StoreTooNew(LocalWhisperError):
    """The data directory was written by a newer version."""

    code = "store_too_new"
    found: int
    known: int


class QueueNotRunning(LocalWhisperError):
    code = "queue_not_running"


class FileMissing(LocalWhisperError):
    code = "file_missing"
    path: str


class BadSetting(LocalWhisperError):
    code = "bad_setting"
    name: str
    value: str
    accepted: str


class InternalError(LocalWhisperError):
    """An unexpected exception; its traceback is in the log under `log_id`."""

    code = "internal_error"
    log_id: str


def is_memory_error(error: BaseException | None) -> bool:
    """Whether the system refused memory for an object, a thread or a process."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    is_thread = isinstance(error, RuntimeError) and "can't start new thread" in str(error)
    return isinstance(error, MemoryError) or is_thread


class Stopped(Exception):
    """Raised where work checks its control, once it has been told to stop. Never shown to people."""
