"""Mirrors that hang up, lie, stall or don't exist: a one-sentence error each, and never a wrong file."""

import hashlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localwhisper.engine.checkpoints.download import PublishedCheckpoints, partial_file
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.upstream import whisper_tables
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import LocalWhisperError, ModelCorrupt, ModelDownloadFailed, Stopped
from localwhisper.messages import render

BODY = os.urandom(1_000_000)


class Mirror(http.server.BaseHTTPRequestHandler):
    """Answers with `answer`, by default correctly."""

    answer: "Callable[[Mirror, int], None]"

    @property
    def start(self) -> int:
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def part(self, start: int, **headers: object) -> bytes:
        """Sends the head; returns the bytes to send."""
        if start:
            headers = {"Content_Range": f"bytes {start}-{len(BODY) - 1}/{len(BODY)}", **headers}
        self.head(206 if start else 200, **{"Content_Length": len(BODY) - start, **headers})
        return BODY[start:]

    def do_GET(self) -> None:
        Mirror.answer(self, self.start)

    def log_message(self, *args: object) -> None:
        pass


def honest(mirror: Mirror, start: int) -> None:
    if start == len(BODY):
        mirror.send_error(416)
    else:
        mirror.wfile.write(mirror.part(start))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def library(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelLibrary:
    digest = hashlib.sha256(BODY).hexdigest()
    published = {**whisper_tables.checkpoint_urls(), "tiny": f"https://models.invalid/main/{digest}/tiny.pt"}
    monkeypatch.setattr(whisper_tables, "checkpoint_urls", lambda: published)
    monkeypatch.setattr(Mirror, "answer", honest, raising=False)
    return ModelLibrary(
        tmp_path / "mis modelos ñ",
        sources=[PublishedCheckpoints(address)],
        data_dir=tmp_path / "unpacked",
        assets=ASSETS,
    )


def download(library: ModelLibrary, check: Callable[[], None] = lambda: None) -> list[int]:
    """The numbers of received bytes that were reported."""
    received: list[int] = []
    path = library.download("tiny", lambda n_bytes, _: received.append(n_bytes), check)
    assert path.read_bytes() == BODY
    return received


def another_part(mirror: Mirror, start: int) -> None:
    mirror.wfile.write(
        mirror.part(start, **({"Content_Range": "bytes 7-9/10"} if start else {}))[: 0 if start else 1000]
    )


def no_http(mirror: Mirror, start: int) -> None:
    mirror.wfile.write(b"220 mail.example ESMTP\r\n")


def login_page(mirror: Mirror, start: int) -> None:
    mirror.head(200, Content_Type="text/html")
    mirror.wfile.write(b"<html>Please log in to this network</html>")


def loop(mirror: Mirror, start: int) -> None:
    mirror.head(302, Location=mirror.path)


HOSTILE: dict[str, tuple[Callable[[Mirror, int], object], type[LocalWhisperError]]] = {
    "not found": (lambda mirror, start: mirror.send_error(404), ModelDownloadFailed),
    "busy": (lambda mirror, start: mirror.send_error(503), ModelDownloadFailed),
    "says nothing": (lambda mirror, start: None, ModelDownloadFailed),
    "no HTTP": (no_http, ModelDownloadFailed),
    "sends elsewhere for ever": (loop, ModelDownloadFailed),
    "more announced than sent": (
        lambda mirror, start: mirror.wfile.write(mirror.part(start, Content_Length=len(BODY) + 9)),
        ModelDownloadFailed,
    ),
    "less announced than sent": (
        lambda mirror, start: mirror.wfile.write(mirror.part(start, Content_Length=500)),
        ModelCorrupt,
    ),
    "no number for a length": (
        lambda mirror, start: mirror.wfile.write(mirror.part(start, Content_Length="much")[:999]),
        ModelCorrupt,
    ),
    "another part than offsets for": (another_part, ModelDownloadFailed),
    "another file": (lambda mirror, start: mirror.wfile.write(mirror.part(start)[::-1]), ModelCorrupt),
    "a login page": (login_page, ModelCorrupt),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_wrong_answer_gives_one_sentence_and_no_file(
    library: ModelLibrary, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, expected = HOSTILE[name]
    monkeypatch.setattr(Mirror, "answer", answer)
    with pytest.raises(expected) as failed:
        download(library)
    for language in ("en", "es"):
        text = render(failed.value.message, language)
        assert "tiny" in text
        assert "\n" not in text
        assert "Error" not in text
    assert library.path("tiny") is None
    monkeypatch.setattr(Mirror, "answer", honest)
    download(library)


def test_no_server_at_the_address(library: ModelLibrary, tmp_path: Path) -> None:
    away = ModelLibrary(
        tmp_path / "a", sources=[PublishedCheckpoints("http://127.0.0.1:9")], data_dir=tmp_path / "b", assets=ASSETS
    )
    with pytest.raises(ModelDownloadFailed, match=r"127\.0\.0\.1"):
        download(away)


def test_a_download_continues_over_connections_that_hang_up(
    library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    offsets: list[int] = []

    def hangs_up(mirror: Mirror, start: int) -> None:
        offsets.append(start)
        mirror.wfile.write(mirror.part(start)[:300_000])

    monkeypatch.setattr(Mirror, "answer", hangs_up)
    received = download(library)
    assert offsets == [0, 300_000, 600_000, 900_000]
    assert received == sorted(received)
    assert received[-1] == len(BODY)


def sends_nothing(mirror: Mirror, start: int) -> None:
    pass


def stalls(mirror: Mirror, start: int) -> None:
    mirror.wfile.write(mirror.part(start)[:1000])
    mirror.wfile.flush()


@pytest.mark.parametrize("begins", [sends_nothing, stalls], ids=["says nothing", "stops in the middle"])
def test_a_stalled_download_can_be_stopped(
    library: ModelLibrary, begins: Callable[[Mirror, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_silent, is_over = threading.Event(), threading.Event()

    def answer(mirror: Mirror, start: int) -> None:
        begins(mirror, start)
        is_silent.set()
        is_over.wait(60)

    def stop() -> None:
        if is_silent.is_set():
            raise Stopped

    monkeypatch.setattr(Mirror, "answer", answer)
    try:
        with pytest.raises(Stopped):
            download(library, stop)
        assert not is_over.is_set()
    finally:
        is_over.set()
    monkeypatch.setattr(Mirror, "answer", honest)
    download(library)


def test_a_download_does_not_write_through_a_symbolic_link(
    library: ModelLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mirror, "answer", honest)
    (tmp_path / "theirs").write_text("precious")
    library.model_dir.mkdir(exist_ok=True)
    partial_file(library.model_dir / "tiny.pt").symlink_to(tmp_path / "theirs")
    download(library)
    assert (tmp_path / "theirs").read_text() == "precious"
    assert (library.path("tiny") or tmp_path).read_bytes() == BODY
