"""Which kinds of model files can be imported, and their conversion to a checkpoint of openai-whisper's format."""

import shutil
import tempfile
from pathlib import Path

from localwhisper.engine.checkpoints.checkpoint import check_magic, read_checkpoint
from localwhisper.engine.checkpoints.conversion import ConvertedCheckpoint
from localwhisper.engine.checkpoints.ctranslate2 import is_ctranslate2_folder, read_ctranslate2
from localwhisper.engine.checkpoints.folder_archive import NEEDED_FILE, is_folder_archive, unpack_folder
from localwhisper.engine.checkpoints.ggml import is_ggml_file, read_ggml
from localwhisper.engine.checkpoints.huggingface import read_huggingface
from localwhisper.engine.checkpoints.origin import Origin, write_origin
from localwhisper.errors import ModelCorrupt


def write_checked_checkpoint(path: Path, target: Path, name: str, *, is_private: bool) -> None:
    """Write the model in a file or folder to `target`, a checkpoint that is known to be usable.

    A checkpoint of openai-whisper is copied. What is converted is copied first unless it `is_private`: it is mapped
    into memory, and another program may change it meanwhile. Raises ModelCorrupt, MemoryError, OSError.
    """
    with tempfile.TemporaryDirectory(prefix=".import-", dir=target.parent, ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        if path.is_dir():
            _write_folder(path if is_private else _copy_of_folder(path, folder), target, name)
        elif is_ggml_file(path):
            file = path if is_private else Path(shutil.copyfile(path, folder / path.name))
            _write(read_ggml(file, name), "ggml", target, name)
        elif is_folder_archive(path):
            unpack_folder(path, folder, name)
            _write_folder(folder, target, name)
        else:
            check_magic(path, name)
            shutil.copyfile(path, target)
            read_checkpoint(target, name)


def _copy_of_folder(path: Path, folder: Path) -> Path:
    """Copy the files that a model needs."""
    for file in path.iterdir():
        if NEEDED_FILE.fullmatch(file.name) and file.is_file():
            shutil.copyfile(file, folder / file.name)
    return folder


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
