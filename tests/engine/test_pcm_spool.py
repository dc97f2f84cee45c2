"""Decoded audio on disk, in unnamed files in a given folder."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from localwhisper.audio.ffmpeg import Ffmpeg
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine.model_cache import ModelCache
from localwhisper.engine.pcm_spool import PcmSpool
from localwhisper.engine.whisper_engine import WhisperEngine
from localwhisper.errors import AudioTooLong, StorageFull, StorageUnwritable
from localwhisper.options import Options
from tests.engine.control import Recorder

BLOCKS = [np.arange(1000, dtype=np.int16), np.arange(1000, 1500, dtype=np.int16)]


@pytest.fixture
def no_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's temporary folder can't be used."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))


@pytest.mark.usefixtures("no_temporary_folder")
def test_samples_are_stored_in_the_given_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "spool"
    with PcmSpool(BLOCKS, folder) as pcm:
        assert (pcm.n_samples, pcm.n_frames) == (1500, 9)
        samples = pcm.samples(-2, 1503)
        assert folder.stat().st_mode & 0o777 == 0o700 or sys.platform == "win32"
    expected = np.concatenate([[2, 1], np.arange(1500), [0, 0, 0]]) / 32768
    np.testing.assert_array_equal(samples, expected.astype(np.float32))


@pytest.mark.skipif(sys.platform == "win32", reason="there the file has a name until it is closed")
def test_the_file_has_no_name_so_that_a_crash_leaves_none(tmp_path: Path) -> None:
    with PcmSpool(BLOCKS, tmp_path / "spool"):
        assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.usefixtures("no_temporary_folder")
def test_the_engine_spools_in_its_folder(library: ModelLibrary, speech: dict[str, Path], tmp_path: Path) -> None:
    cache = ModelCache(library, idle_timeout_s=600)
    engine = WhisperEngine(cache, Ffmpeg(), tmp_path / "spool", max_audio_s=3600)
    engine.transcribe(speech["one second"], Options(model="demo"), Recorder())
    engine.detect_language(speech["one second"], "demo", Recorder())
    assert list((tmp_path / "spool").iterdir()) == []
    engine.close()


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Writes past a file-size limit fail as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_raises_storage_full(tmp_path: Path) -> None:
    with pytest.raises(StorageFull):
        PcmSpool(BLOCKS, tmp_path / "spool")


def test_a_folder_that_cannot_be_created_raises_storage_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnwritable, match="spool"):
        PcmSpool(BLOCKS, tmp_path / "file" / "spool")


def test_errors_of_the_audio_decoder_are_unchanged(tmp_path: Path) -> None:
    def blocks() -> Iterator[NDArray[np.int16]]:
        yield BLOCKS[0]
        raise AudioTooLong(limit_s=1.0)

    with pytest.raises(AudioTooLong):
        PcmSpool(blocks(), tmp_path / "spool")
