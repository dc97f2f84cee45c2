"""Names and paths that also Windows and macOS can hold, as far as that can be told on another system.

`make lint` checks with mypy's --platform win32 that nothing is called there that only POSIX has.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from localwhisper import paths
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine_setup import ASSETS
from localwhisper.errors import InvalidOption, ModelBundled, PublishedName
from localwhisper.export.about import About
from localwhisper.export.registry import EXPORTERS
from localwhisper.file_names import ENDING_BYTES, MAX_BYTES, is_reserved, portable_name, shortened
from localwhisper.jobs.job import JobState
from localwhisper.jobs.suspicion import PreviousEnd
from localwhisper.store.data_dir import DataDir
from localwhisper.store.files import FileStore
from localwhisper.watching.finished import FinishedRecordings
from localwhisper.watching.targets import TaskList
from tests.store import samples

MAX_PATH = 260  # of Windows where long paths aren't switched on
DATA_DIR_CHARS = len(r"C:\Users\a name of some twenty chars\AppData\Local\localwhisper")


@pytest.mark.parametrize(
    "name", ["CON", "nul", "com1", "LPT9", "aux.txt", "Prn.tar.gz", "COM¹", "con .x".replace(" ", "")]
)
def test_windows_devices_are_no_names(name: str) -> None:
    assert is_reserved(name)
    assert not is_reserved(portable_name(name, "x"))
    assert portable_name(name, "x").endswith(name)


@pytest.mark.parametrize("name", ["console", "com10", "com", "a.con", "null", "lpt", ""])
def test_other_names_are_not_reserved(name: str) -> None:
    assert not is_reserved(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a/b\\c:d", "a_b_c_d"), ('<>"|?*\t', "_______"), (" name. ", "name"), ("...", "x"), ("é 日本", "é 日本")],
)
def test_any_text_becomes_a_name(text: str, expected: str) -> None:
    assert portable_name(text, "x") == expected


@pytest.mark.parametrize("filename", ["con.mp3", "aux", "a:b?.wav", " . .ogg"])
def test_the_files_of_a_zip_can_be_unpacked_everywhere(filename: str) -> None:
    from tests.export.results import transcript

    content = EXPORTERS["zip"].to_bytes(transcript(), about=About(filename=filename))
    for name in zipfile.ZipFile(BytesIO(content)).namelist():
        assert not is_reserved(name)
        assert portable_name(name, "x") == name


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[TaskList]:
    finished = FinishedRecordings(tmp_path / "finished.db")
    yield TaskList(list(EXPORTERS), finished)
    finished.close()


@pytest.mark.parametrize("letter", ["a", "é", "日", "\udcff"])
def test_transcripts_of_recordings_with_the_longest_names_can_be_written(
    tmp_path: Path, tasks: TaskList, letter: str
) -> None:
    n = (MAX_BYTES - len(".x1.mp3")) // len(os.fsencode(letter))
    sources = [tmp_path / f"{letter * n}{end}" for end in (".x1.mp3", ".x2.mp3", ".x2.wav", ".x3.wav")]
    written = set()
    for source in sources:
        source.touch()
        for target in tasks.task(source, tmp_path).targets.values():
            target.touch(exist_ok=False)  # raises if it is too long, or another's
            written.add(target)
    assert len(written) == len(sources) * len(EXPORTERS)


def test_a_short_name_stays() -> None:
    assert shortened("a" * (MAX_BYTES - ENDING_BYTES)) == "a" * (MAX_BYTES - ENDING_BYTES)
    assert max(len(exporter.extension) for exporter in EXPORTERS.values()) + len(".-999999.") <= ENDING_BYTES


def test_models_are_the_same_whatever_their_case_and_never_devices(tmp_path: Path) -> None:
    """On a file system that ignores case, Base.pt would replace base.pt."""
    library = ModelLibrary(tmp_path / "models", data_dir=tmp_path, assets=ASSETS)
    demo = library.loadable_path("demo")
    assert demo is not None
    for name in ("Base", "TINY.EN", "Large"):
        with pytest.raises(PublishedName):
            library.import_checkpoint(demo, name)
    with pytest.raises(ModelBundled):
        library.import_checkpoint(demo, "DEMO")
    for name in ("con", "Aux", "nul.v2", "com1"):
        with pytest.raises(InvalidOption):
            library.import_checkpoint(demo, name)
    assert library.import_checkpoint(demo, "mine") == library.import_checkpoint(demo, "Mine") == "mine"
    assert sorted(path.name for path in library.model_dir.glob("*.pt")) == ["mine.pt"]


def test_paths_in_the_data_directory_are_short_enough_for_windows(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path, faults_to_file=False)
    assert data_dir.open() is PreviousEnd.CLEAN
    data_dir.close()
    job = samples.job(state=JobState.COMPLETED, audio_file=f"audio.{'x' * 16}")
    upload = paths.incoming(tmp_path) / f"{job.id}.upload"
    upload.write_bytes(samples.AUDIO)
    store = FileStore(tmp_path)
    store.create(job, upload)
    store.save_transcript(job.id, samples.transcript())
    longest = max(len(str(path.relative_to(tmp_path))) for path in tmp_path.rglob("*"))
    temporary = len(".corrected.damaged-01234567.json.0123456789abcdef.tmp")  # the longest name of such a file
    assert DATA_DIR_CHARS + len("/jobs//") + len(job.id) + temporary < MAX_PATH
    assert DATA_DIR_CHARS + 1 + longest < MAX_PATH
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert len({name.casefold() for name in names}) == len(names)
    assert json.loads((tmp_path / "jobs" / job.id / "job.json").read_bytes())["audio_file"] == job.audio_file
