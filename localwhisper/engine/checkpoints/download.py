"""Downloads checkpoints over HTTP: resumes an earlier attempt, and checks the SHA-256 before the file is in place."""

import re
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import closing
from functools import partial as bind
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from localwhisper.atomic import SHARED, move_durably, private_opener, storage_errors
from localwhisper.engine.checkpoints.interruptible import interruptible
from localwhisper.engine.checkpoints.model_source import Check, Progress, SourceFailed, sha256_of
from localwhisper.engine.upstream import whisper_tables
from localwhisper.errors import ModelCorrupt, ModelDownloadFailed

BLOCK_BYTES = 1 << 18
OPENER = bind(private_opener, mode=SHARED)
TIMEOUT_S = 20
MAX_CONNECTIONS = 50  # one after the other; each must bring some of the file

# Bytes of the files that openai-whisper publishes, shown before a download.
PUBLISHED_SIZES: Mapping[str, int] = {
    "tiny": 75_572_083,
    "base": 145_262_807,
    "small": 483_617_219,
    "medium": 1_528_008_539,
    "large-v1": 3_086_999_982,
    "large-v2": 3_086_999_982,
    "large-v3": 3_087_371_615,
    "large": 3_087_371_615,
    "large-v3-turbo": 1_617_941_637,
    "turbo": 1_617_941_637,
}


class _TransferFailed(Exception):
    """The message gives the reason."""


class _WrongRange(_TransferFailed):
    """Not the part of the file that was asked for."""


class PublishedCheckpoints:
    """The files that openai-whisper publishes, from its host or a mirror."""

    name = "openai"

    def __init__(self, mirror: str | None) -> None:
        self._mirror = mirror
        self.label = "OpenAI's host" if mirror is None else urlsplit(mirror).hostname or mirror

    def size_bytes(self, model: str) -> int | None:
        whisper_tables.checkpoint_urls()[model]
        return PUBLISHED_SIZES.get(model.removesuffix(".en"))

    def fetch(self, model: str, file: Path, progress: Progress, check: Check) -> None:
        url = whisper_tables.checkpoint_urls()[model]
        partial, sha256 = partial_file(file), url.split("/")[-2]  # whisper's addresses contain the hash
        url = url if self._mirror is None else self._mirror.rstrip("/") + urlsplit(url).path
        try:
            with storage_errors(file):
                file.parent.mkdir(parents=True, exist_ok=True)
                try:
                    _receive_all(url, partial, progress, check)
                    is_right = sha256_of(partial, check) == sha256
                except FileNotFoundError:
                    raise ModelDownloadFailed(model=model, reason="its file was removed meanwhile") from None
                if not is_right:
                    partial.unlink(missing_ok=True)
                    raise ModelCorrupt(model=model, reason="the file that was sent is not the published one")
            move_durably(partial, file)
        except _TransferFailed as error:
            raise SourceFailed(f"{urlsplit(url).hostname or url}: {error}") from None

    def discard(self, file: Path) -> None:
        partial_file(file).unlink(missing_ok=True)


def partial_file(file: Path) -> Path:
    """The file with the bytes of a checkpoint received so far."""
    return file.with_suffix(".pt.partial")


def _receive_all(url: str, partial: Path, progress: Progress, check: Check) -> None:
    """Receive the whole file, over several connections if each brings some of it. Raises _TransferFailed."""
    if partial.is_symlink():
        partial.unlink()  # what it points to is not ours
    for _ in range(MAX_CONNECTIONS):
        size_before = _size(partial)
        try:
            _receive(url, partial, progress, check)
            return
        except _TransferFailed:
            if _size(partial) <= size_before:
                raise
    raise _TransferFailed("the connection is interrupted again and again")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _receive(url: str, partial: Path, progress: Progress, check: Check) -> None:
    """Receive over one connection, from where `partial` ends. Raises _TransferFailed."""
    try:
        with closing(interruptible(_blocks(url, _size(partial)), check)) as blocks:
            received, total, _ = next(blocks)
            with open(partial, "ab" if received else "wb", opener=OPENER) as file:
                for received, _, block in blocks:
                    file.write(block)
                    progress(received, total)
    except _WrongRange:
        partial.unlink(missing_ok=True)  # the next attempt begins from nothing
        raise
    if total is not None and received < total:
        raise _TransferFailed("the connection was interrupted")


def _blocks(url: str, offset: int) -> Generator[tuple[int, int | None, bytes], None, None]:
    """(bytes received with this block, bytes of the whole file if known, the block); first one without a block."""
    response = _request(url, offset)
    if response is None:
        yield offset, offset, b""
        return
    with response:
        is_partial = response.status == 206
        if is_partial and not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            raise _WrongRange("it sent another part of the file than it was asked for")
        received = offset if is_partial else 0
        length = response.headers.get("Content-Length", "")
        total = received + int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
        yield received, total, b""
        while block := _read(response):
            received += len(block)
            yield received, total, block


def _request(url: str, offset: int) -> HTTPResponse | None:
    """Open a connection. Returns None if the whole file has been received already."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={offset}-"} if offset else {})
    try:
        response: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)
        return response
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and offset:
            return None
        raise _TransferFailed(f"it answered {error.code}") from None
    except urllib.error.URLError as error:
        raise _TransferFailed(_reason(error.reason)) from None
    except (HTTPException, OSError, ValueError) as error:
        raise _TransferFailed(_reason(error)) from None


def _read(response: HTTPResponse) -> bytes:
    """Read the bytes that have arrived, without waiting for a full block, so that a slow connection shows progress."""
    try:
        return response.read1(BLOCK_BYTES)
    except (HTTPException, OSError, ValueError) as error:
        raise _TransferFailed(_reason(error)) from None


def _reason(error: object) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.splitlines()[0][:120] if text else type(error).__name__
