"""The errors of a cluster of workers; errors.py has all others, and these too."""

from localwhisper.base_error import LocalWhisperError


class CertificatesMissing(LocalWhisperError):
    code = "certificates_missing"
    folder: str


class CertificatesExist(LocalWhisperError):
    code = "certificates_exist"
    folder: str


class WorkersLost(LocalWhisperError):
    """A job has lost many workers in the same window."""

    code = "workers_lost"


class WorkerModel(LocalWhisperError):
    """A worker has a model of the same name as the server's, but with other weights."""

    code = "worker_model"
    model: str


class WorkerVersion(LocalWhisperError):
    """A worker has another version of something than the server, so that texts might differ."""

    code = "worker_version"
    package: str
    server: str
    worker: str
