"""A model that a worker gets from its server: in pieces, whole or not at all."""

import hashlib
import random
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localwhisper.distributed.audio_copies import PIECE_BYTES
from localwhisper.distributed.server_models import ModelFile, ModelFiles, ServerModels
from localwhisper.engine.checkpoints.model_source import SourceFailed
from localwhisper.engine.checkpoints.origin import Origin, write_origin
from localwhisper.engine.checkpoints.package_index import PACKAGED_MODELS
from localwhisper.engine.checkpoints.published import published_sha256, weights_id
from localwhisper.errors import Stopped

CONTENT = random.Random(7).randbytes(2 * PIECE_BYTES + 10)


def never() -> None: ...


class Server:
    """Answers on another thread. `stops_at`: the offset at which it says nothing any more."""

    def __init__(self, folder: Path, stops_at: int | None = None) -> None:
        folder.mkdir()
        path = folder / "mine.pt"
        path.write_bytes(CONTENT)
        model = ModelFiles(lambda name: path).find("mine")
        assert model is not None
        self.model = model
        self.asked: list[int] = []
        self.went_silent = threading.Event()
        self._stops_at = stops_at

    def offer_to(self, models: ServerModels, execution_id: str = "1") -> None:
        models.offer(execution_id, self.model, lambda offset: self._asked(models, offset))

    def _asked(self, models: ServerModels, offset: int) -> None:
        self.asked.append(offset)
        if self._stops_at is None or offset < self._stops_at:
            models.answered("mine", offset, self.model.answer(offset))
        else:
            self.went_silent.set()


def fetch(models: ServerModels, folder: Path, check: Callable[[], None] = never) -> bytes:
    target = folder / "mine.pt"
    models.fetch("mine", target, lambda received, total: None, check)
    assert [path.name for path in folder.iterdir()] == ["mine.pt"]
    return target.read_bytes()


def test_a_fetch_that_was_stopped_goes_on_where_it_ended(tmp_path: Path) -> None:
    models, server = ServerModels(), Server(tmp_path / "a", stops_at=PIECE_BYTES)
    server.offer_to(models)

    def stop() -> None:
        if server.went_silent.is_set():
            raise Stopped

    with pytest.raises(Stopped):
        fetch(models, tmp_path / "models", stop)
    other = Server(tmp_path / "b")
    other.offer_to(models, "2")
    assert fetch(models, tmp_path / "models") == CONTENT
    assert other.asked == [PIECE_BYTES, 2 * PIECE_BYTES, len(CONTENT)]


def test_a_file_that_changes_meanwhile_is_not_kept(tmp_path: Path) -> None:
    models, server = ServerModels(), Server(tmp_path / "a")
    server.offer_to(models)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.pt.server").write_bytes(b"x" * PIECE_BYTES)  # of another version
    with pytest.raises(SourceFailed, match="changed"):
        fetch(models, tmp_path / "models")
    assert fetch(models, tmp_path / "models") == CONTENT


def test_a_file_that_is_removed_meanwhile_ends_the_fetch(tmp_path: Path) -> None:
    models, server = ServerModels(), Server(tmp_path / "a")
    server.offer_to(models)
    server.model.path.unlink()
    with pytest.raises(SourceFailed, match="removed"):
        fetch(models, tmp_path / "models")


def test_a_server_that_is_gone_ends_the_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localwhisper.distributed.server_models.ASK_AGAIN_S", 0.01)
    models, server = ServerModels(), Server(tmp_path / "a", stops_at=0)
    server.offer_to(models)
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(fetch, models, tmp_path / "models")
        assert server.went_silent.wait(60)
        models.withdraw("1")
        with pytest.raises(SourceFailed, match="no longer connected"):
            fetching.result(60)


@pytest.mark.parametrize("name", ["../mine", "a/b", "", "demo\n"])
def test_a_name_that_could_be_a_path_is_not_accepted(name: str, tmp_path: Path) -> None:
    models = ServerModels()
    models.offer("1", ModelFile(name, tmp_path, 5, "0"), lambda offset: None)
    with pytest.raises(KeyError):
        models.size_bytes(name)


def test_the_server_offers_only_what_it_has(tmp_path: Path) -> None:
    assert ModelFiles(lambda name: None).find("mine") is None
    assert ModelFiles(lambda name: tmp_path / "gone.pt").find("mine") is None


def test_a_published_model_has_the_same_weights_however_it_was_fetched(tmp_path: Path) -> None:
    file, package = tmp_path / "base.pt", PACKAGED_MODELS["base"]
    for is_exact in (True, False):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("weights", b"1")
        write_origin(file, Origin("ctranslate2", is_exact, "a package", package.model_sha256))
        assert (weights_id(file, "base") == published_sha256("base")) is is_exact
        assert weights_id(file, "other") == package.model_sha256
    file.write_bytes(b"2")
    assert weights_id(file, "base") == hashlib.sha256(b"2").hexdigest()
