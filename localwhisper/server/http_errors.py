"""The one table from the domain's errors to HTTP statuses, and the errors that only HTTP knows."""

from localwhisper import errors
from localwhisper.errors import InternalError, LocalWhisperError
from localwhisper.messages import Message


class RouteNotFound(LocalWhisperError):
    code = "route_not_found"


class MethodNotAllowed(LocalWhisperError):
    """Params: method."""

    code = "method_not_allowed"


class ForbiddenHost(LocalWhisperError):
    """Params: host."""

    code = "forbidden_host"


class ForbiddenOrigin(LocalWhisperError):
    """Params: origin."""

    code = "forbidden_origin"


class Unauthorized(LocalWhisperError):
    code = "unauthorized"


class TooManyAttempts(LocalWhisperError):
    """A wrong token was given a moment ago. Params: seconds."""

    code = "too_many_attempts"


class BadRequest(LocalWhisperError):
    code = "bad_request"


class InvalidFrame(LocalWhisperError):
    """A WebSocket frame that is not understood. Params: reason."""

    code = "invalid_frame"


STATUS: dict[type[LocalWhisperError], int] = {
    BadRequest: 400,
    InvalidFrame: 400,
    errors.InvalidOption: 400,
    errors.UnknownOption: 400,
    errors.DuplicateField: 400,
    errors.MissingFile: 400,
    errors.InvalidBody: 400,
    errors.AudioUnreadable: 400,
    errors.NoAudioTrack: 400,
    errors.AudioTooLong: 400,
    errors.AudioTimeout: 400,
    errors.ModelCannotTranslate: 400,
    errors.CheckpointUnusable: 400,
    Unauthorized: 401,
    ForbiddenHost: 403,
    ForbiddenOrigin: 403,
    RouteNotFound: 404,
    errors.JobNotFound: 404,
    errors.ModelNotFound: 404,
    MethodNotAllowed: 405,
    errors.JobAlreadyFinished: 409,
    errors.JobNotFinished: 409,
    errors.JobNotRetryable: 409,
    errors.JobWasCancelled: 409,
    errors.TranscriptChanged: 409,
    errors.ModelBundled: 409,
    errors.JobDamaged: 410,
    errors.UploadTooLarge: 413,
    TooManyAttempts: 429,
    errors.InternalError: 500,
    errors.FfmpegMissing: 503,
    errors.QueueNotRunning: 503,
    errors.OutOfMemory: 503,
    errors.MemoryFull: 503,
    errors.EngineNotLoaded: 503,
    errors.ModelDownloadFailed: 502,
    errors.ModelCorrupt: 500,
    errors.StorageUnwritable: 503,
    errors.StorageFull: 507,
}


def status_of(error: LocalWhisperError) -> int:
    """500 for what no request should ever meet."""
    return STATUS.get(type(error), 500)


def as_error(message: Message) -> LocalWhisperError:
    """A failed job's stored message as the error it was."""
    known = {error.code: error for error in STATUS}
    return known.get(message.code, InternalError)(**message.params)
