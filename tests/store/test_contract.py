"""The contract of every JobStore."""

from dataclasses import replace
from pathlib import Path

import pytest

from localwhisper.errors import JobDamaged, JobNotFound
from localwhisper.jobs.job import JobState
from localwhisper.jobs.transcript import Waveform
from localwhisper.store.base import JobStore
from localwhisper.store.files import FileStore
from tests.store import samples
from tests.store.conftest import Keep
from tests.store.memory_store import MemoryStore


@pytest.fixture(params=["files", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> JobStore:
    return FileStore(tmp_path / "data") if request.param == "files" else MemoryStore(tmp_path / "audio")


def test_an_empty_store_has_no_jobs(store: JobStore) -> None:
    assert store.load_all() == ([], [])


def test_a_job_is_loaded_as_it_was_saved(store: JobStore, keep: Keep) -> None:
    first, second = keep(store, samples.job()), keep(store, samples.job())
    jobs, damaged = store.load_all()
    assert {job.id: job for job in jobs} == {first.id: first, second.id: second}
    assert damaged == []


def test_the_upload_is_moved_into_the_store(store: JobStore, keep: Keep) -> None:
    job = keep(store, samples.job())
    path = store.audio_path(job)
    assert path.read_bytes() == samples.AUDIO
    assert (path.name, path.parent.name) == ("audio.mp3", job.id)


def test_save_replaces_the_record(store: JobStore, keep: Keep) -> None:
    job = keep(store, samples.job())
    changed = replace(job, state=JobState.QUEUED, progress=0.0, error=None)
    store.save(changed)
    assert store.load_all()[0] == [changed]


def test_windows_are_read_in_the_order_in_which_they_were_appended(store: JobStore, keep: Keep) -> None:
    job, other = keep(store, samples.job()), keep(store, samples.job())
    assert list(store.windows(job.id)) == []
    for number in range(3):
        store.append_window(job.id, samples.window(number))
    store.append_window(other.id, samples.window(9))
    assert list(store.windows(job.id)) == [samples.window(number) for number in range(3)]
    assert list(store.windows(other.id)) == [samples.window(9)]


def test_windows_can_be_cleared_and_appended_again(store: JobStore, keep: Keep) -> None:
    job = keep(store, samples.job())
    store.append_window(job.id, samples.window(0))
    store.save_waveform(job.id, Waveform(duration=1.0, peaks=(1,)))
    store.clear_windows(job.id)
    store.clear_windows(job.id)
    assert (list(store.windows(job.id)), store.waveform(job.id)) == ([], None)
    store.append_window(job.id, samples.window(5))
    assert list(store.windows(job.id)) == [samples.window(5)]


def test_a_transcript_is_read_as_it_was_saved(store: JobStore, keep: Keep) -> None:
    job = keep(store, samples.job())
    store.save_transcript(job.id, samples.transcript())
    newer = replace(samples.transcript(), text="newer")
    store.save_transcript(job.id, newer)
    assert store.transcript(job.id) == newer


def test_corrections_are_kept_beside_the_original_until_they_are_set_aside(store: JobStore, keep: Keep) -> None:
    job, original = keep(store, samples.job()), samples.transcript()
    corrected = replace(original, text="corrected", version=1)
    store.save_transcript(job.id, original)
    store.save_transcript(job.id, corrected)
    assert (store.transcript(job.id), store.transcript(job.id, original=True)) == (corrected, original)
    store.set_corrections_aside(job.id)
    assert store.transcript(job.id) == original


def test_a_missing_transcript_or_audio_file_raises_job_damaged(store: JobStore, keep: Keep) -> None:
    job = keep(store, samples.job())
    with pytest.raises(JobDamaged, match=r"transcript\.json"):
        store.transcript(job.id)
    store.audio_path(job).unlink()
    with pytest.raises(JobDamaged, match=r"audio\.mp3"):
        store.audio_path(job)


def test_a_placeholder_without_audio_raises_job_damaged(store: JobStore, keep: Keep) -> None:
    job = keep(store, samples.job())
    with pytest.raises(JobDamaged):
        store.audio_path(replace(job, audio_file=""))


def test_remove_deletes_everything(store: JobStore, keep: Keep) -> None:
    job, other = keep(store, samples.job()), keep(store, samples.job())
    store.append_window(job.id, samples.window())
    store.save_transcript(job.id, samples.transcript())
    path = store.audio_path(job)
    store.remove(job.id)
    store.remove(job.id)  # no error if there is none
    assert store.load_all()[0] == [other]
    assert not path.parent.exists()
    assert list(store.windows(job.id)) == []
    with pytest.raises(JobDamaged):
        store.transcript(job.id)


def test_nothing_is_written_for_an_unknown_job(store: JobStore) -> None:
    job = samples.job()
    with pytest.raises(JobNotFound):
        store.save(job)
    with pytest.raises(JobNotFound):
        store.append_window(job.id, samples.window())
    with pytest.raises(JobNotFound):
        store.clear_windows(job.id)
    with pytest.raises(JobNotFound):
        store.save_transcript(job.id, samples.transcript())
    assert store.load_all() == ([], [])


def test_an_id_can_be_reused_after_removal(store: JobStore, keep: Keep) -> None:
    job = keep(store, samples.job())
    store.append_window(job.id, samples.window(0))
    store.append_window(job.id, samples.window(1))
    store.remove(job.id)
    keep(store, job)
    store.append_window(job.id, samples.window(7))
    assert list(store.windows(job.id)) == [samples.window(7)]


def test_changed_texts_are_read(store: JobStore, keep: Keep) -> None:
    first, second, without = keep(store, samples.job()), keep(store, samples.job()), keep(store, samples.job())
    for job in (first, second):
        store.save_transcript(job.id, replace(samples.transcript(), text="one"))
    unknown = dict.fromkeys((first.id, second.id, without.id))
    texts = store.changed_texts(unknown)
    assert [(text.job_id, text.text) for text in texts] == [(first.id, "one"), (second.id, "one")]
    stamps = {text.job_id: text.stamp for text in texts}
    assert store.changed_texts(stamps) == []
    store.save_transcript(first.id, replace(samples.transcript(), text="two", version=1))
    (changed,) = store.changed_texts(stamps)
    assert (changed.job_id, changed.text) == (first.id, "two")
