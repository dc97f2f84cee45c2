"""A model folder in a ZIP or tar file, as it is uploaded: the files that a model needs, unpacked within bounds.

A checkpoint of torch.save is a ZIP file too, without a config.json.
"""

import re
import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from localwhisper.errors import ModelCorrupt

NEEDED_FILE = re.compile(r"(config|generation_config)\.json|(model|pytorch_model)[\w.-]{,60}")
MAX_DIRECTORY_BYTES = 1 << 20  # of the archive's list of files, which is read into memory
MAX_RATIO = 20  # of the unpacked size to the archive's; weights can hardly be compressed
MIN_LIMIT_BYTES = 1 << 26
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others may need gigabytes of memory
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
TAR_BLOCK = 512  # bytes
END, END_BYTES = b"PK\5\6", 22
LOCATOR64, LOCATOR64_BYTES = b"PK\6\7", 20
END64, END64_BYTES = b"PK\6\6", 56


def is_folder_archive(path: Path) -> bool:
    """Raises OSError."""
    if is_folder_tar(path):
        return True
    try:
        return _directory_bytes(path) <= MAX_DIRECTORY_BYTES and _config(path) is not None
    except zipfile.BadZipFile:
        return False


def unpack_folder(path: Path, folder: Path, name: str) -> None:
    """Unpack the files beside config.json that a model needs into `folder`. Raises ModelCorrupt, OSError."""
    if is_folder_tar(path):
        _unpack_tar(path, folder, name)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            config = _config(path)
            assert config is not None
            members = {
                PurePosixPath(member.filename).name: member
                for member in archive.infolist()
                if PurePosixPath(member.filename).parent == config.parent
                and NEEDED_FILE.fullmatch(PurePosixPath(member.filename).name)
            }
            limit_bytes = max(MIN_LIMIT_BYTES, MAX_RATIO * path.stat().st_size)
            if sum(member.file_size for member in members.values()) > limit_bytes:
                raise ValueError("it would be too large unpacked")
            for file_name, member in members.items():
                if member.compress_type not in METHODS:
                    raise ValueError("it is compressed in another way than usual")
                with archive.open(member) as source, open(folder / file_name, "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)  # reads no more than the size in the list
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise ModelCorrupt(model=name, reason=f"not a model's folder in a zip file: {error}"[:160]) from None


def is_folder_tar(path: Path) -> bool:
    """Whether a file is an uncompressed tar file. Raises OSError."""
    with open(path, "rb") as file:
        return file.read(TAR_MAGIC_AT + len(TAR_MAGIC)).endswith(TAR_MAGIC)


def _unpack_tar(path: Path, folder: Path, name: str) -> None:
    """Unpack ordinary files, wherever they are in the archive. It isn't compressed, so they are no larger than it."""
    try:
        with open(path, "rb") as archive:
            while (header := archive.read(TAR_BLOCK)) and any(header):
                size_bytes = int(header[124:136].strip(b" \0"), 8)
                if size_bytes < 0:
                    raise ValueError("a size below 0")
                following = archive.tell() + -(-size_bytes // TAR_BLOCK) * TAR_BLOCK
                file_name = PurePosixPath(header[:100].rstrip(b"\0").decode()).name
                if header[156:157] in (b"0", b"\0") and NEEDED_FILE.fullmatch(file_name):
                    with open(folder / file_name, "wb") as target:
                        _copy(archive, target, size_bytes)
                archive.seek(following)
        if not (folder / "config.json").exists():
            raise ValueError("there is no config.json")
    except ValueError as error:
        raise ModelCorrupt(model=name, reason=f"not a model's folder in a tar file: {error}"[:160]) from None


def _copy(source: BinaryIO, target: BinaryIO, size_bytes: int) -> None:
    """Raises ValueError if there is less."""
    while size_bytes:
        block = source.read(min(size_bytes, 1 << 20))
        if not block:
            raise ValueError("it is truncated")
        target.write(block)
        size_bytes -= len(block)


def _config(path: Path) -> PurePosixPath | None:
    with zipfile.ZipFile(path) as archive:
        configs = [PurePosixPath(name) for name in archive.namelist() if PurePosixPath(name).name == "config.json"]
    return min(configs, key=lambda config: len(config.parts), default=None)


def _directory_bytes(path: Path) -> int:
    """The size of the archive's list of files as its end says, 0 for a file without one."""
    with open(path, "rb") as file:
        size_bytes = file.seek(0, 2)
        file.seek(max(0, size_bytes - END_BYTES - (1 << 16) - LOCATOR64_BYTES - END64_BYTES))
        tail = file.read()
    start = tail.rfind(END)
    if start < 0:
        return 0
    locator = start - LOCATOR64_BYTES
    if locator < 0 or not tail.startswith(LOCATOR64, locator):
        return int.from_bytes(tail[start + 12 : start + 16], "little")
    record = tail[max(0, locator - END64_BYTES) : locator]
    return int.from_bytes(record[40:48], "little") if record.startswith(END64) else MAX_DIRECTORY_BYTES + 1
