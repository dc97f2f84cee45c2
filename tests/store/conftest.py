"""Fixtures for tests of stores."""

from collections.abc import Callable
from pathlib import Path

import pytest

from localwhisper.jobs.job import Job
from localwhisper.store.base import JobStore
from localwhisper.store.files import FileStore
from tests.store import samples

Keep = Callable[[JobStore, Job], Job]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def files(root: Path) -> FileStore:
    return FileStore(root)


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Creates a job in a store, with its own upload."""

    def create(store: JobStore, job: Job) -> Job:
        upload = tmp_path / f"upload-{job.id}"
        upload.write_bytes(samples.AUDIO)
        store.create(job, upload)
        assert not upload.exists()
        return job

    return create
