"""One checkpoint over HTTP: resumed where it broke off, checked against its hash, there only when whole."""

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from localwhisper.atomic import move_durably, storage_errors
from localwhisper.engine.checkpoints.interruptible import interruptible
from localwhisper.errors import ModelCorrupt, ModelDownloadFailed

BLOCK_BYTES = 1 << 18
TIMEOUT_S = 20
MAX_CONNECTIONS = 50  # one after the other, each of which must bring something

Progress = Callable[[int, int | None], None]
Check = Callable[[], None]


class _BrokeOff(Exception):
    """The network's fault; its text says what happened."""


class _AnotherPart(_BrokeOff):
    """Not what was asked for."""


def download_checkpoint(
    name: str, address: str, target: Path, mirror: str | None, progress: Progress, check: Check
) -> None:
    """`address` as openai-whisper has it: the folder before the file's name is its sha256."""
    partial = target.with_suffix(".pt.partial")
    url = address if mirror is None else mirror.rstrip("/") + urlsplit(address).path
    try:
        with storage_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            _receive_all(url, partial, progress, check)
            if _sha256(partial, check) != address.split("/")[-2]:
                partial.unlink()
                raise ModelCorrupt(model=name, reason="the file that was sent is not the published one")
            move_durably(partial, target)
    except _BrokeOff as error:
        raise ModelDownloadFailed(model=name, reason=f"{urlsplit(url).hostname or url}: {error}") from None


def _receive_all(url: str, partial: Path, progress: Progress, check: Check) -> None:
    """Over as many connections as it takes, as long as each brings something. Raises _BrokeOff."""
    for _ in range(MAX_CONNECTIONS):
        before = _size(partial)
        try:
            _receive(url, partial, progress, check)
            return
        except _BrokeOff:
            if _size(partial) <= before:
                raise
    raise _BrokeOff("the connection breaks off all the time")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _receive(url: str, partial: Path, progress: Progress, check: Check) -> None:
    """Over one connection, from where `partial` ends. Raises _BrokeOff."""
    try:
        with closing(interruptible(_parts(url, _size(partial)), check)) as parts:
            received, total, _ = next(parts)
            with open(partial, "ab" if received else "wb") as file:
                for received, _, block in parts:
                    file.write(block)
                    progress(received, total)
    except _AnotherPart:
        partial.unlink(missing_ok=True)  # what is sent doesn't fit what is here
        raise
    if total is not None and received < total:
        raise _BrokeOff("the connection broke off")


def _parts(url: str, have: int) -> Generator[tuple[int, int | None, bytes], None, None]:
    """(bytes with this block, bytes of the whole file if that was said, the block); first one without a block."""
    answer = _ask(url, have)
    if answer is None:
        yield have, have, b""
        return
    with answer:
        goes_on = answer.status == 206
        if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise _AnotherPart("it sent another part of the file than it was asked for")
        received = have if goes_on else 0
        length = answer.headers.get("Content-Length", "")
        total = received + int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
        yield received, total, b""
        while block := _read(answer):
            received += len(block)
            yield received, total, block


def _ask(url: str, have: int) -> HTTPResponse | None:
    """None where all of it is here already."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)
        return answer
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:
            return None
        raise _BrokeOff(f"it answered {error.code}") from None
    except urllib.error.URLError as error:
        raise _BrokeOff(_reason(error.reason)) from None
    except (HTTPException, OSError, ValueError) as error:
        raise _BrokeOff(_reason(error)) from None


def _read(answer: HTTPResponse) -> bytes:
    """What has come, without waiting for more, so that a slow connection's progress is seen."""
    try:
        return answer.read1(BLOCK_BYTES)
    except (HTTPException, OSError, ValueError) as error:
        raise _BrokeOff(_reason(error)) from None


def _reason(error: object) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.splitlines()[0][:120] if text else type(error).__name__


def _sha256(path: Path, check: Check) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            check()
            digest.update(block)
    return digest.hexdigest()
