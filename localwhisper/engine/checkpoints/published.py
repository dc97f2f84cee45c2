"""Whether a file is a published model: openai-whisper's own, or a known conversion of it."""

from pathlib import Path

from localwhisper.engine.checkpoints.model_source import sha256_of
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
