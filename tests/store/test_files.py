"""The file store after disk errors, crashes, damage and tampering."""

import errno
import os
import random
import stat
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from localwhisper import paths
from localwhisper.atomic import read_regular_file
from localwhisper.errors import JobDamaged, JobNotFound, StorageFull, StorageUnwritable, StoreTooNew
from localwhisper.jobs.job import Job, JobState
from localwhisper.store import schema
from localwhisper.store.base import CORRECTED
from localwhisper.store.files import FileStore
from tests.store import samples
from tests.store.conftest import Keep

FILES = ("job.json", "audio.mp3", "segments.jsonl", "transcript.json")


def tree(root: Path) -> dict[str, bytes | None]:
    """Everything under a folder: content by path, None for folders."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in sorted(root.rglob("*"))
    }


def full(store: FileStore, keep: Keep) -> Job:
    """A job with every file it can have."""
    job = keep(store, samples.job())
    for number in range(3):
        store.append_window(job.id, samples.window(number))
    store.save_transcript(job.id, samples.transcript())
    return job


def test_a_store_creates_nothing_before_its_first_use(files: FileStore, root: Path) -> None:
    assert not root.exists()


def test_a_job_has_exactly_the_documented_files(files: FileStore, root: Path, keep: Keep) -> None:
    job = full(files, keep)
    assert {path.name for path in (root / "jobs" / job.id).iterdir()} == set(FILES)
    assert list((root / "incoming").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_records_are_private(files: FileStore, root: Path, keep: Keep) -> None:
    job = full(files, keep)
    for name in ("job.json", "segments.jsonl", "transcript.json"):
        assert stat.S_IMODE((root / "jobs" / job.id / name).stat().st_mode) == 0o600


# -- creating ----------------------------------------------------------------------------


@pytest.mark.parametrize("failing_step", range(1, 6 if os.name == "nt" else 8))
def test_a_job_is_created_completely_or_not_at_all(
    files: FileStore, root: Path, tmp_path: Path, failing_step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0

    def guarded(name: str) -> None:
        real = getattr(os, name)

        def call(*args: object) -> object:
            nonlocal steps
            steps += 1
            if steps == failing_step:
                raise OSError(errno.ENOSPC, "full")
            return real(*args)

        monkeypatch.setattr(os, name, call)

    for name in ("fsync", "replace", "rename"):
        guarded(name)
    upload = tmp_path / "upload"
    upload.write_bytes(samples.AUDIO)
    with pytest.raises(StorageFull):
        files.create(samples.job(), upload)
    monkeypatch.undo()
    assert list((root / "jobs").iterdir()) == []
    assert list((root / "incoming").iterdir()) == []
    assert files.load_all() == ([], [])


@pytest.mark.parametrize(
    ("state", "is_kept"),
    [(JobState.QUEUED, True), (JobState.COMPLETED, True), (JobState.FAILED, False), (JobState.CANCELLED, False)],
)
def test_voiceprints_of_a_search_end_with_their_job(
    files: FileStore, keep: Keep, state: JobState, is_kept: bool
) -> None:
    """A completed job may be searched again."""
    job = full(files, keep)
    chunks = paths.speaker_chunks(files.audio_path(job))
    chunks.write_bytes(b"voiceprints")
    files.save(replace(job, state=state))
    assert chunks.exists() == is_kept


def test_a_missing_upload_creates_no_job(files: FileStore, root: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageUnwritable):
        files.create(samples.job(), tmp_path / "gone")
    assert files.load_all() == ([], [])
    assert list((root / "incoming").iterdir()) == []


def test_creating_a_job_twice_does_not_change_the_first(files: FileStore, tmp_path: Path, keep: Keep) -> None:
    job = full(files, keep)
    upload = tmp_path / "upload"
    upload.write_bytes(b"other")
    with pytest.raises(StorageUnwritable):
        files.create(job, upload)
    assert files.audio_path(job).read_bytes() == samples.AUDIO
    assert list(files.windows(job.id)) == [samples.window(number) for number in range(3)]


@pytest.mark.parametrize(
    "name", ["../audio.mp3", "job.json", "", "/etc/passwd", "audio.", "audio.a/b", "a\\b", "x.mp3"]
)
def test_the_audio_stays_in_its_folder(files: FileStore, tmp_path: Path, name: str) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(samples.AUDIO)
    with pytest.raises(ValueError, match="audio"):
        files.create(samples.job(audio_file=name), upload)
    with pytest.raises(JobDamaged):
        files.audio_path(samples.job(audio_file=name))


@pytest.mark.parametrize(
    "job_id", ["", ".", "..", "../../etc", "a", str(uuid.UUID(int=10**38)).upper(), uuid.UUID(int=10**38).hex]
)
def test_an_invalid_id_is_never_used_as_a_path(files: FileStore, root: Path, job_id: str) -> None:
    root.mkdir()
    files.remove(job_id)
    for call in (files.windows, files.transcript, files.clear_windows):
        with pytest.raises(JobNotFound):
            call(job_id)
    assert list(root.iterdir()) == []


# -- after a crash -----------------------------------------------------------------------


def test_a_start_removes_the_leftovers_of_a_crash(files: FileStore, root: Path, keep: Keep) -> None:
    job = full(files, keep)
    before = tree(root / "jobs")
    incoming = root / "incoming"
    (incoming / "upload").write_bytes(b"half an upload")
    (incoming / "x.job").mkdir()
    (incoming / "x.job" / "audio.mp3").write_bytes(b"")
    (incoming / "x.removed" / "deep").mkdir(parents=True)
    (root / "jobs" / job.id / ".job.json.0123456789abcdef.tmp").write_bytes(b"{")
    (root / "jobs" / job.id / ".transcript.json.0123456789abcdef.tmp").write_bytes(b"{")
    assert FileStore(root).load_all() == ([job], [])
    assert list(incoming.iterdir()) == []
    assert tree(root / "jobs") == before


def test_an_audio_file_named_like_a_temporary_file_is_kept(files: FileStore, root: Path, keep: Keep) -> None:
    job = keep(files, samples.job(audio_file="audio.tmp"))
    FileStore(root).load_all()
    assert files.audio_path(job).read_bytes() == samples.AUDIO


def test_the_next_start_completes_an_interrupted_removal(
    files: FileStore, root: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = full(files, keep)
    monkeypatch.setattr("shutil.rmtree", lambda *args, **options: None)
    files.remove(job.id)
    monkeypatch.undo()
    assert len(tree(root / "incoming")) == 5
    assert FileStore(root).load_all() == ([], [])
    assert tree(root / "incoming") == {}


def test_a_job_that_cannot_be_removed_stays_complete(
    files: FileStore, root: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = full(files, keep)
    before = tree(root / "jobs")

    def fail(*args: object) -> None:
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(StorageUnwritable):
        files.remove(job.id)
    assert tree(root / "jobs") == before


@pytest.mark.parametrize("reader", ["the same store", "a new start"])
def test_windows_of_a_file_truncated_anywhere(files: FileStore, root: Path, keep: Keep, reader: str) -> None:
    job = full(files, keep)
    path = root / "jobs" / job.id / "segments.jsonl"
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    near_ends = {end + offset for end in [0, *ends] for offset in range(-3, 4) if 0 <= end + offset <= len(whole)}
    for size in sorted({*near_ends, *range(0, len(whole), 29)}):
        path.write_bytes(whole[:size])
        store = files if reader == "the same store" else FileStore(root)
        valid_windows = [samples.window(number) for number in range(sum(end <= size for end in ends))]
        assert list(store.windows(job.id)) == valid_windows, size
        store.append_window(job.id, samples.window(9))
        assert list(store.windows(job.id)) == [*valid_windows, samples.window(9)], size


def test_windows_end_at_the_first_invalid_line(files: FileStore, root: Path, keep: Keep) -> None:
    job = full(files, keep)
    path = root / "jobs" / job.id / "segments.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b'{"format":1,"segments":"no"}\n' + lines[2])
    assert list(files.windows(job.id)) == [samples.window(0)]
    FileStore(root).append_window(job.id, samples.window(4))
    assert list(files.windows(job.id)) == [samples.window(0), samples.window(4)]


def test_a_full_disk_leaves_earlier_windows_intact(
    files: FileStore, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = full(files, keep)

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageFull):
        files.append_window(job.id, samples.window(3))
    monkeypatch.undo()
    files.append_window(job.id, samples.window(4))
    assert list(files.windows(job.id)) == [samples.window(number) for number in (0, 1, 2, 4)]


# -- damage ------------------------------------------------------------------------------


def noise(data: bytes) -> bytes:
    return random.Random(5).randbytes(len(data))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[: len(data) // 2], noise, lambda data: b"\0" * len(data), None],
    ids=["emptied", "truncated", "noise", "zeros", "gone"],
)
def test_damage_is_reported_and_does_not_affect_other_jobs(
    files: FileStore, root: Path, keep: Keep, name: str, damage: object
) -> None:
    jobs = [full(files, keep) for _ in range(3)]
    victim = jobs[1]
    others = {job.id: tree(root / "jobs" / job.id) for job in (jobs[0], jobs[2])}
    path = root / "jobs" / victim.id / name
    if callable(damage):
        path.write_bytes(damage(path.read_bytes()))
    else:
        path.unlink()
    left = tree(root / "jobs" / victim.id)
    store = FileStore(root)
    loaded, damaged = store.load_all()
    healthy = [job for job in jobs if name != "job.json" or job is not victim]
    assert {job.id: job for job in loaded} == {job.id: job for job in healthy}
    reported = [(each.job_id, each.file, each.audio_file) for each in damaged]
    assert reported == ([(victim.id, "job.json", "audio.mp3")] if name == "job.json" else [])
    if name == "transcript.json":
        with pytest.raises(JobDamaged, match=r"transcript\.json"):
            store.transcript(victim.id)
    if name == "segments.jsonl":
        assert len(store.windows(victim.id)) < 3
    if name == "audio.mp3" and not path.exists():
        with pytest.raises(JobDamaged, match=r"audio\.mp3"):
            store.audio_path(victim)
    for job in (jobs[0], jobs[2]):
        assert store.transcript(job.id) == samples.transcript()
        assert len(store.windows(job.id)) == 3
        assert tree(root / "jobs" / job.id) == others[job.id]
    assert tree(root / "jobs" / victim.id) == left
    store.remove(victim.id)
    assert not (root / "jobs" / victim.id).exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 100, "version 0", "a link"])
def test_damaged_corrections_never_show_as_the_original(
    files: FileStore, root: Path, keep: Keep, damage: bytes | str
) -> None:
    job = full(files, keep)
    files.save_transcript(job.id, replace(samples.transcript(), version=1))
    path = root / "jobs" / job.id / CORRECTED
    if isinstance(damage, bytes):
        path.write_bytes(damage)
    elif damage == "a link":
        path.unlink()
        path.symlink_to("nowhere")
    else:
        path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":0'))
    with pytest.raises(JobDamaged) as raised:
        files.transcript(job.id)
    assert raised.value.file == CORRECTED
    assert files.transcript(job.id, original=True) == samples.transcript()


def test_corrections_set_aside_are_kept_each_time(files: FileStore, root: Path, keep: Keep) -> None:
    job = full(files, keep)
    for version in (1, 2):
        files.save_transcript(job.id, replace(samples.transcript(), version=version))
        files.set_corrections_aside(job.id)
        assert files.transcript(job.id) == samples.transcript()
    assert len(list((root / "jobs" / job.id).glob("corrected.damaged-*.json"))) == 2


def test_an_empty_audio_file_raises_job_damaged(files: FileStore, keep: Keep) -> None:
    job = full(files, keep)
    files.audio_path(job).write_bytes(b"")
    with pytest.raises(JobDamaged):
        files.audio_path(job)


def test_a_record_in_another_job_s_folder_is_damaged(files: FileStore, root: Path, keep: Keep) -> None:
    job, other = keep(files, samples.job()), keep(files, samples.job())
    (root / "jobs" / job.id / "job.json").write_bytes(schema.dump_job(other))
    loaded, damaged = files.load_all()
    assert (loaded, [each.job_id for each in damaged]) == ([other], [job.id])


def test_a_record_that_points_outside_its_folder_is_damaged(files: FileStore, root: Path, keep: Keep) -> None:
    job = keep(files, samples.job())
    (root / "jobs" / job.id / "job.json").write_bytes(schema.dump_job(samples.job(job.id, audio_file="../../x")))
    loaded, damaged = files.load_all()
    assert (loaded, [each.job_id for each in damaged]) == ([], [job.id])


def test_foreign_files_among_the_jobs_are_left_alone(files: FileStore, root: Path, keep: Keep) -> None:
    job = keep(files, samples.job())
    (root / "jobs" / "notes").mkdir()
    (root / "jobs" / "README").write_text("mine", encoding="utf-8")
    (root / "jobs" / str(uuid.uuid4()).upper()).mkdir()
    (root / "jobs" / str(uuid.uuid4())).write_bytes(b"a file")
    before = tree(root / "jobs")
    assert FileStore(root).load_all() == ([job], [])
    assert tree(root / "jobs") == before


def test_a_start_reads_nothing_but_the_records(
    files: FileStore, root: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = full(files, keep)
    read: list[str] = []

    def noted(path: Path) -> bytes:
        read.append(path.name)
        return read_regular_file(path)

    monkeypatch.setattr("localwhisper.store.files.read_regular_file", noted)
    assert FileStore(root).load_all() == ([job], [])
    assert sorted(read) == ["job.json", "store.json"]


def test_a_jobs_folder_that_cannot_be_listed_is_reported(files: FileStore, root: Path) -> None:
    root.mkdir()
    (root / "jobs").write_bytes(b"a file")
    with pytest.raises(StorageUnwritable, match="jobs"):
        files.load_all()


# -- formats -----------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["root", "record"])
def test_a_newer_store_is_refused_and_not_changed(files: FileStore, root: Path, keep: Keep, where: str) -> None:
    job = full(files, keep)
    files.load_all()
    if where == "root":
        (root / "store.json").write_bytes(b'{"format":2,"more":"unknown"}')
    else:
        record = root / "jobs" / job.id / "job.json"
        record.write_bytes(record.read_bytes().replace(b'"format":1', b'"format":2', 1))
    (root / "incoming" / "upload").write_bytes(b"of the newer version")
    before = tree(root)
    with pytest.raises(StoreTooNew, match="format 2"):
        FileStore(root).load_all()
    assert tree(root) == before


def test_a_store_states_its_format(files: FileStore, root: Path) -> None:
    files.load_all()
    assert (root / "store.json").read_bytes() == b'{"format":1}'


def test_a_damaged_format_file_is_replaced(files: FileStore, root: Path, keep: Keep) -> None:
    job = keep(files, samples.job())
    (root / "store.json").write_bytes(b"\0\0")
    assert files.load_all() == ([job], [])
    assert (root / "store.json").read_bytes() == b'{"format":1}'


def test_an_older_store_is_migrated(files: FileStore, root: Path, keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    job = full(files, keep)
    files.load_all()
    monkeypatch.setattr(schema, "FORMAT", 2)
    monkeypatch.setattr(schema, "MIGRATIONS", {1: lambda kind, record: record})
    store = FileStore(root)
    assert store.load_all() == ([job], [])
    store.append_window(job.id, samples.window(3))  # lines of both formats
    assert len(store.windows(job.id)) == 4
    assert store.transcript(job.id) == samples.transcript()
    assert (root / "store.json").read_bytes() == b'{"format":2}'


# -- permissions and links ---------------------------------------------------------------


def test_all_files_and_folders_are_private(files: FileStore, root: Path, keep: Keep) -> None:
    full(files, keep)
    files.load_all()
    for path in [root, *root.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        if path.name != "audio.mp3":  # created by the upload handler, which makes it private
            assert stat.S_IMODE(path.stat().st_mode) == expected, path


@pytest.mark.parametrize("name", ["job.json", "segments.jsonl", "transcript.json", "audio.mp3"])
def test_a_symbolic_link_in_a_job_s_folder_is_damage(
    files: FileStore, root: Path, keep: Keep, tmp_path: Path, name: str
) -> None:
    job = full(files, keep)
    path, outside = root / "jobs" / job.id / name, tmp_path / "outside"
    path.rename(outside)
    path.symlink_to(outside)
    before = outside.read_bytes()
    store = FileStore(root)
    _, damaged = store.load_all()
    assert len(damaged) == (name == "job.json")
    readers: dict[str, Callable[[], object]] = {
        "audio.mp3": lambda: store.audio_path(job),
        "segments.jsonl": lambda: store.windows(job.id),
        "transcript.json": lambda: store.transcript(job.id),
    }
    if name in readers:
        with pytest.raises(JobDamaged):
            readers[name]()
    if name == "segments.jsonl":
        with pytest.raises(StorageUnwritable):
            store.append_window(job.id, samples.window(3))
    store.save(job)
    store.save_transcript(job.id, samples.transcript())
    assert outside.read_bytes() == before
    store.remove(job.id)
    assert outside.exists()


@pytest.mark.parametrize("name", ["jobs", "incoming"])
def test_a_linked_root_folder_is_refused_and_left_alone(root: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    (outside / str(uuid.uuid4())).mkdir(parents=True)
    (outside / "file").write_text("mine", encoding="utf-8")
    before = tree(outside)
    root.mkdir()
    (root / name).symlink_to(outside)
    with pytest.raises(StorageUnwritable, match=name):
        FileStore(root).load_all()
    assert tree(outside) == before


def test_a_linked_job_folder_is_ignored(files: FileStore, root: Path, keep: Keep, tmp_path: Path) -> None:
    job = keep(files, samples.job())
    (root / "jobs" / job.id).rename(tmp_path / job.id)
    (root / "jobs" / job.id).symlink_to(tmp_path / job.id)
    assert FileStore(root).load_all() == ([], [])
    assert (tmp_path / job.id / "job.json").exists()


def test_a_named_pipe_does_not_block_the_store(files: FileStore, root: Path, keep: Keep) -> None:
    job = keep(files, samples.job())
    record = root / "jobs" / job.id / "job.json"
    record.unlink()
    os.mkfifo(record)
    assert [each.job_id for each in FileStore(root).load_all()[1]] == [job.id]
