"""One checkpoint over HTTP: resumed where it broke off, checked against its hash, there only when whole."""

import errno
import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from localwhisper.errors import ModelCorrupt, ModelDownloadFailed, StorageFull, StorageUnwritable

BLOCK_BYTES = 1 << 18
TIMEOUT_S = 20


def fetch(
    name: str, address: str, target: Path, mirror: str | None,
    progress: Callable[[int, int | None], None], check: Callable[[], None],
) -> None:  # fmt: skip
    """`address` as openai-whisper has it: the folder before the file's name is its sha256."""
    partial = target.with_suffix(".pt.partial")
    url = address if mirror is None else mirror.rstrip("/") + urlsplit(address).path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _receive(url, partial, progress, check)
        if _sha256(partial, check) != address.split("/")[-2]:
            partial.unlink()
            raise ModelCorrupt(model=name, reason="the file that was sent is not the published one")
        os.replace(partial, target)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        host = urlsplit(url).hostname or url
        raise ModelDownloadFailed(model=name, reason=f"{host}: {getattr(error, 'reason', error)}") from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull from None
        raise StorageUnwritable(path=str(target), reason=error.strerror) from None


def _receive(url: str, partial: Path, progress: Callable[[int, int | None], None], check: Callable[[], None]) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # all of it is here already
            return
        raise
    with answer:
        goes_on = answer.status == 206
        length = answer.headers.get("Content-Length")
        received = have if goes_on else 0
        total = received + int(length) if length else None
        with open(partial, "ab" if goes_on else "wb") as file:
            while block := answer.read(BLOCK_BYTES):
                check()
                file.write(block)
                received += len(block)
                progress(received, total)
    if total is not None and received < total:
        raise ConnectionError("the connection broke off")


def _sha256(path: Path, check: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            check()
            digest.update(block)
    return digest.hexdigest()
