"""The model library: listing, downloads from a server on loopback, imports, removal."""

import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest

from localwhisper.engine.checkpoints.download import PublishedCheckpoints
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.upstream import whisper_tables
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import (
    CheckpointUnusable,
    ModelBundled,
    ModelDownloadFailed,
    ModelNotFound,
    PublishedName,
)

BODY = bytes(range(256)) * 4000


class Mirror(http.server.BaseHTTPRequestHandler):
    body = BODY
    max_bytes: int | None = None  # sent of what is asked for
    ranges: ClassVar[list[str | None]] = []  # of the requests so far
    may_continue: ClassVar[threading.Event] = threading.Event()  # after the first 1000 bytes

    def do_GET(self) -> None:
        byte_range = self.headers.get("Range")
        Mirror.ranges.append(byte_range)
        start = int(byte_range.removeprefix("bytes=").rstrip("-")) if byte_range else 0
        if start >= len(Mirror.body):
            self.send_error(416)
            return
        part = Mirror.body[start:]
        self.send_response(206 if byte_range else 200)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if not Mirror.may_continue.is_set():
            self.wfile.write(part[:1000])
            self.wfile.flush()
            Mirror.may_continue.wait(60)
            part = part[1000:]
        with suppress(ConnectionError):  # the reader may be gone
            self.wfile.write(part[: Mirror.max_bytes])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLibrary]:
    Mirror.body, Mirror.max_bytes, Mirror.ranges = BODY, None, []
    Mirror.may_continue.set()
    digest = hashlib.sha256(BODY).hexdigest()
    published = {**whisper_tables.checkpoint_urls(), "tiny": f"https://models.invalid/main/{digest}/tiny.pt"}
    monkeypatch.setattr(whisper_tables, "checkpoint_urls", lambda: published)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield ModelLibrary(
        tmp_path / "módels dir",
        sources=[PublishedCheckpoints(f"http://127.0.0.1:{server.server_port}/")],
        data_dir=tmp_path / "unpacked",
        assets=ASSETS,
    )
    Mirror.may_continue.set()
    server.shutdown()
    server.server_close()


def no_progress(received_bytes: int, total_bytes: int | None) -> None:
    pass


def test_a_download_is_listed_until_it_is_removed(library: ModelLibrary) -> None:
    seen: list[tuple[int, int | None]] = []
    path = library.download("tiny", lambda received, total: seen.append((received, total)), lambda: None)
    assert path.read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert {entry.name for entry in library.entries() if entry.available} == {"demo", "tiny"}
    library.remove("tiny")
    assert library.path("tiny") is None


def test_simultaneous_requests_download_once(library: ModelLibrary) -> None:
    with ThreadPoolExecutor(6) as pool:
        paths = set(pool.map(lambda _: library.download("tiny", no_progress, lambda: None), range(6)))
    assert len(paths) == len(Mirror.ranges) == 1


@pytest.fixture
def paused_download(library: ModelLibrary) -> Iterator["Future[Path]"]:
    """A download that has received its first bytes."""
    Mirror.may_continue.clear()
    has_begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        download = pool.submit(library.download, "tiny", lambda *_: has_begun.set(), lambda: None)
        assert has_begun.wait(60)
        yield download
        Mirror.may_continue.set()


def test_removing_a_model_ends_its_download(library: ModelLibrary, paused_download: "Future[Path]") -> None:
    library.remove("tiny")
    with pytest.raises(ModelDownloadFailed, match="removed"):
        paused_download.result(60)
    assert list(library.model_dir.iterdir()) == []


def test_an_import_under_the_same_name_ends_a_download(library: ModelLibrary, paused_download: "Future[Path]") -> None:
    demo = library.loadable_path("demo")
    assert demo is not None
    library.import_checkpoint(demo, "tiny", as_published=True)
    path = paused_download.result(60)  # a job that waited for the model can use it
    Mirror.may_continue.set()
    assert path.read_bytes() == demo.read_bytes()
    assert list(library.model_dir.iterdir()) == [path]


def test_an_import_that_is_refused_ends_no_download(
    library: ModelLibrary, paused_download: "Future[Path]", tmp_path: Path
) -> None:
    (tmp_path / "bad.pt").write_text("no")
    with pytest.raises(CheckpointUnusable):
        library.import_checkpoint(tmp_path / "bad.pt", "tiny", as_published=True)
    Mirror.may_continue.set()
    assert paused_download.result(60).read_bytes() == BODY


def test_a_download_whose_file_another_process_removes_says_so(
    library: ModelLibrary, paused_download: "Future[Path]"
) -> None:
    (library.model_dir / "tiny.pt.partial").unlink()
    Mirror.may_continue.set()
    with pytest.raises(ModelDownloadFailed, match="removed"):
        paused_download.result(60)


def test_a_model_removed_while_models_are_listed_is_listed_as_missing(
    library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.download("tiny", no_progress, lambda: None)
    names = library.names()
    monkeypatch.setattr(library, "names", lambda: [library.remove("tiny"), names][1])
    assert [entry.available for entry in library.entries() if entry.name == "tiny"] == [False]


def test_the_bundled_model_is_unpacked_once(library: ModelLibrary) -> None:
    first = library.loadable_path("demo")
    assert first is not None
    changed = first.stat().st_mtime_ns
    second = library.loadable_path("demo")
    assert second == first
    assert second.stat().st_mtime_ns == changed


def test_the_folder_of_the_bundled_model_is_private_and_imported_checkpoints_are_shared(library: ModelLibrary) -> None:
    """The model folder is openai-whisper's cache, which other programs and users may share."""
    umask = os.umask(0)
    os.umask(umask)
    demo = library.loadable_path("demo")
    assert demo is not None
    assert (demo.parent.stat().st_mode & 0o777, demo.stat().st_mode & 0o777) == (0o700, 0o600)
    library.import_checkpoint(demo, "own")
    own = library.path("own")
    assert own is not None
    assert own.stat().st_mode & 0o777 == 0o666 & ~umask


def test_an_import_is_listed_and_a_file_that_is_no_checkpoint_refused(library: ModelLibrary, tmp_path: Path) -> None:
    demo = library.loadable_path("demo")
    assert demo is not None
    library.import_checkpoint(demo, "own")
    assert "own" in library.names()
    assert library.path("own") is not None
    (tmp_path / "bad.pt").write_text("no")
    with pytest.raises(CheckpointUnusable):
        library.import_checkpoint(tmp_path / "bad.pt")


def test_unknown_names_and_removing_the_bundled_model_are_refused(library: ModelLibrary) -> None:
    for name in ("huge", "../tiny", "a/b", ""):
        with pytest.raises(ModelNotFound):
            library.path(name)
    with pytest.raises(ModelBundled):
        library.remove("demo")


def test_symbolic_links_in_the_model_folder_are_not_followed(library: ModelLibrary, tmp_path: Path) -> None:
    demo = library.loadable_path("demo")
    assert demo is not None
    library.model_dir.mkdir(exist_ok=True)
    for name in ("base", "own"):
        (library.model_dir / f"{name}.pt").symlink_to(demo)
    assert library.path("base") is None
    assert not library.entry("base").available
    assert "own" not in library.names()
    library.import_checkpoint(demo, "own")
    own = library.model_dir / "own.pt"
    assert own.is_file()
    assert not own.is_symlink()
    assert not demo.is_symlink()


def test_a_published_name_is_for_the_published_file_unless_confirmed(
    library: ModelLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = library.loadable_path("demo")
    assert demo is not None
    other = tmp_path / "large.pt"
    other.write_bytes(demo.read_bytes())
    for name in (None, "base", "large-v3"):
        with pytest.raises(PublishedName):
            library.import_checkpoint(other, name)
    assert not library.model_dir.exists()
    assert library.import_checkpoint(other, as_published=True) == "large-v3"

    sha256 = hashlib.sha256(demo.read_bytes()).hexdigest()
    monkeypatch.setattr(whisper_tables, "checkpoint_urls", lambda: {"own": f"https://models.invalid/{sha256}/own.pt"})
    assert library.import_checkpoint(demo, "own") == "own"
