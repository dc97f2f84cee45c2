"""A job's audio on a worker: the server's own file where both see it, otherwise a copy that is received in pieces."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from localwhisper.atomic import private_opener, storage_errors

PIECE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class AudioFile:
    """The audio of a job, as the server has it."""

    path: Path
    size_bytes: int
    digest: str  # of its content

    @classmethod
    def of(cls, path: Path) -> "AudioFile":
        """Reads all of it. Raises OSError."""
        return cls(path, path.stat().st_size, content_digest(path))

    def is_here(self) -> bool:
        """Whether the path leads to the same content on this machine, as it does in a folder that both see."""
        try:
            return self.path.stat().st_size == self.size_bytes and content_digest(self.path) == self.digest
        except OSError:
            return False


def content_digest(path: Path) -> str:
    """Raises OSError."""
    digest = hashlib.blake2b()
    with open(path, "rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def read_piece(path: Path, offset: int) -> bytes:
    """Raises OSError."""
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(PIECE_BYTES)


def append_piece(copy: Path, offset: int, piece: bytes) -> None:
    """Pieces come in order. Raises StorageFull, StorageUnwritable."""
    with storage_errors(copy), open(copy, "r+b" if offset else "wb", opener=private_opener) as file:
        file.seek(offset)
        file.write(piece)
