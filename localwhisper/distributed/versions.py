"""Which versions a worker shares with its server, so that a job has the same text wherever it is transcribed."""

import sys
from collections.abc import Mapping
from importlib import metadata

from localwhisper import __version__
from localwhisper.errors import WorkerVersion

PACKAGES = ("torch", "numba", "openai-whisper", "distributed")


def own_versions() -> dict[str, str]:
    """The versions that have to be the same, by what they are of. Without the builds of a version, as in 2.13.0+cpu."""
    versions = {package: metadata.version(package).partition("+")[0] for package in PACKAGES}
    return {"localwhisper": __version__, "Python": f"{sys.version_info[0]}.{sys.version_info[1]}", **versions}


def compare(server: Mapping[str, str], worker: Mapping[str, str]) -> None:
    """Raises WorkerVersion for the first that differs."""
    for name, version in server.items():
        if worker.get(name) != version:
            raise WorkerVersion(package=name, server=version, worker=worker.get(name, "-"))
