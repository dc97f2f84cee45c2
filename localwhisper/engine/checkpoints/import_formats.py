"""Which kinds of model files can be imported, and their conversion to a checkpoint of openai-whisper's format."""

import shutil
import tempfile
from pathlib import Path

from localwhisper.engine.checkpoints.checkpoint import read_checkpoint
from localwhisper.engine.checkpoints.conversion import ConvertedCheckpoint
from localwhisper.engine.checkpoints.ctranslate2 import is_ctranslate2_folder, read_ctranslate2
from localwhisper.engine.checkpoints.folder_archive import is_folder_archive, unpack_folder
from localwhisper.engine.checkpoints.ggml import is_ggml_file, read_ggml
from localwhisper.engine.checkpoints.huggingface import read_huggingface
from localwhisper.engine.checkpoints.origin import Origin, write_origin
from localwhisper.errors import ModelCorrupt


def write_checked_checkpoint(path: Path, target: Path, name: str) -> None:
    """Write the model in a file or folder to `target`, a checkpoint that is known to be usable.

    A checkpoint of openai-whisper is copied. Raises ModelCorrupt, MemoryError, OSError.
    """
    if path.is_dir():
        _write_folder(path, target, name)
    elif is_ggml_file(path):
        _write(read_ggml(path, name), "ggml", target, name)
    elif is_folder_archive(path):
        with tempfile.TemporaryDirectory(prefix=".import-", dir=target.parent, ignore_cleanup_errors=True) as folder:
            unpack_folder(path, Path(folder), name)
            _write_folder(Path(folder), target, name)
    else:
        read_checkpoint(path, name)
        shutil.copyfile(path, target)


def _write_folder(folder: Path, target: Path, name: str) -> None:
    if is_ctranslate2_folder(folder):
        _write(read_ctranslate2(folder, name), "ctranslate2", target, name)
    else:
        _write(read_huggingface(folder, name), "huggingface", target, name)


def _write(converted: ConvertedCheckpoint, format: str, target: Path, name: str) -> None:
    write_converted(converted, target, name, Origin(format, converted.is_exact))


def write_converted(converted: ConvertedCheckpoint, target: Path, name: str, origin: Origin) -> None:
    """Raises ModelCorrupt, MemoryError, OSError."""
    try:
        converted.save(target)
    except ValueError as error:
        raise ModelCorrupt(model=name, reason=str(error)) from None
    read_checkpoint(target, name)
    write_origin(target, origin)
