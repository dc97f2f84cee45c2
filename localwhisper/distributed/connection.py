"""How processes of this program connect to dask, and how much of dask they use."""

import logging
from pathlib import Path
from urllib.parse import urlsplit

import dask
from distributed.security import Security

from localwhisper import paths
from localwhisper.distributed.certificates import CA, CERTIFICATE, KEY
from localwhisper.errors import CertificatesMissing
from localwhisper.settings import Settings


def certificates_folder(settings: Settings) -> Path:
    return settings.cluster_certificates or paths.cluster_certificates(settings.data_dir)


def security_for(address: str, settings: Settings) -> Security:
    """How to connect to a scheduler: with the cluster's certificates if the address begins with tls://.

    Raises CertificatesMissing.
    """
    certificates = certificates_folder(settings)
    if urlsplit(address).scheme != "tls":
        return Security()
    ca, certificate, key = (str(certificates / name) for name in (CA, CERTIFICATE, KEY))
    if not all(Path(file).is_file() for file in (ca, certificate, key)):
        raise CertificatesMissing(folder=str(certificates))
    names = {f"tls_{role}_cert": certificate for role in ("client", "scheduler", "worker")}
    names |= {f"tls_{role}_key": key for role in ("client", "scheduler", "worker")}
    return Security(require_encryption=True, tls_ca_file=ca, **names)


def reason_of(error: BaseException) -> str:
    """What went wrong in the end, without dask's account of where."""
    reason = repr(error)
    cause: BaseException | None = error
    while cause is not None:
        reason, cause = str(cause) or reason, cause.__cause__
    return reason


def configure_dask() -> None:
    """Switch off what isn't needed of dask: its own records, as failures are expected and reported here; its HTTP
    pages; its profiles, which would cost the workers time."""
    logger = logging.getLogger("distributed")
    logger.handlers.clear()
    logger.setLevel(logging.CRITICAL)
    for name in logging.root.manager.loggerDict:
        if name.startswith("distributed."):
            logging.getLogger(name).handlers.clear()
            logging.getLogger(name).setLevel(logging.NOTSET)
    unneeded = {
        "distributed.worker.profile.enabled": False,
        "distributed.worker.http.routes": [],
        "distributed.scheduler.http.routes": [],
    }
    dask.config.set(unneeded)
