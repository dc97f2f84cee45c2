"""Which weights a file has: a published model's, as openai-whisper's own file or a known conversion, or others."""

from pathlib import Path

from localwhisper.engine.checkpoints.model_source import sha256_of
from localwhisper.engine.checkpoints.origin import read_origin
from localwhisper.engine.checkpoints.package_index import PACKAGED_MODELS
from localwhisper.engine.upstream import whisper_tables


def published_sha256(name: str) -> str | None:
    """Of openai-whisper's file; None for a model that it doesn't publish. Its addresses contain the hash."""
    url = whisper_tables.checkpoint_urls().get(name)
    return None if url is None else url.split("/")[-2]


def published_file_name(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def is_published(path: Path, name: str) -> bool:
    """Whether a file, or a folder of faster-whisper, is the published model of this name. Raises OSError."""
    package = PACKAGED_MODELS.get(name)
    if path.is_dir():
        model = path / "model.bin"
        return package is not None and model.is_file() and sha256_of(model, lambda: None) == package.model_sha256
    return sha256_of(path, lambda: None) == published_sha256(name)


def weights_id(path: Path, name: str) -> str:
    """The same for all files with the weights of this model. Reads all of the file. Raises OSError."""
    origin, package = read_origin(path), PACKAGED_MODELS.get(name)
    if origin is None or origin.sha256 is None:
        return sha256_of(path, lambda: None)
    is_packaged = package is not None and origin.is_exact and origin.sha256 == package.model_sha256
    return published_sha256(name) or origin.sha256 if is_packaged else origin.sha256
