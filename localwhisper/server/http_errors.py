"""How errors are answered: their HTTP statuses and JSON body, and the errors that exist only in HTTP and WebSocket."""

from localwhisper import errors
from localwhisper.errors import LocalWhisperError


class RouteNotFound(LocalWhisperError):
    code = "route_not_found"


class MethodNotAllowed(LocalWhisperError):
    code = "method_not_allowed"
    method: str


class ForbiddenHost(LocalWhisperError):
    code = "forbidden_host"
    host: str


class ForbiddenOrigin(LocalWhisperError):
    code = "forbidden_origin"
    origin: str


class Unauthorized(LocalWhisperError):
    code = "unauthorized"


class TooManyAttempts(LocalWhisperError):
    """A wrong token was given a moment ago."""

    code = "too_many_attempts"
    seconds: int


class LocalOnly(LocalWhisperError):
    """A request about this machine's folders comes from another one, without a token."""

    code = "local_only"


class BadRequest(LocalWhisperError):
    code = "bad_request"


class InvalidFrame(LocalWhisperError):
    """A WebSocket frame that is not understood."""

    code = "invalid_frame"
    reason: str


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
    errors.AudioTrackNotFound: 400,
    errors.AudioTooLong: 400,
    errors.AudioTimeout: 400,
    errors.AudioInterrupted: 500,
    errors.DictationUnsupported: 400,
    errors.ModelCannotTranslate: 400,
    errors.CheckpointUnusable: 400,
    Unauthorized: 401,
    ForbiddenHost: 403,
    ForbiddenOrigin: 403,
    LocalOnly: 403,
    RouteNotFound: 404,
    errors.JobNotFound: 404,
    errors.ModelNotFound: 404,
    errors.TermListNotFound: 404,
    errors.WatchedFolderNotFound: 404,
    errors.KnownVoiceNotFound: 404,
    MethodNotAllowed: 405,
    errors.JobAlreadyFinished: 409,
    errors.JobNotFinished: 409,
    errors.JobNotRetryable: 409,
    errors.RecordingEnded: 409,
    errors.JobWasCancelled: 409,
    errors.TranscriptChanged: 409,
    errors.ModelBundled: 409,
    errors.PublishedName: 409,
    errors.JobDamaged: 410,
    errors.UploadTooLarge: 413,
    TooManyAttempts: 429,
    errors.InternalError: 500,
    errors.FfmpegMissing: 503,
    errors.QueueNotRunning: 503,
    errors.ModelTooLarge: 503,
    errors.MemoryFull: 503,
    errors.TooManyOpenFiles: 503,
    errors.EngineNotLoaded: 503,
    errors.NoModel: 503,
    errors.ModelDownloadFailed: 502,
    errors.ModelCorrupt: 500,
    errors.StorageUnwritable: 503,
    errors.StorageFull: 507,
}


def status_of(error: LocalWhisperError) -> int:
    """The HTTP status; 500 for errors that no request should cause."""
    return STATUS.get(type(error), 500)


def error_body(error: LocalWhisperError, message: str) -> dict[str, object]:
    """The JSON body; handlers of other products' APIs have their own in format_error()."""
    return {"error": {"code": error.code, "message": message}}
