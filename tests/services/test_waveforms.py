"""Waveforms are computed once per job."""

import asyncio
import threading
from pathlib import Path

import pytest

from localwhisper.errors import StorageFull
from localwhisper.jobs.transcript import Waveform
from localwhisper.services.waveforms import Waveforms
from localwhisper.store.files import FileStore
from tests.conftest import Serve

pytestmark = pytest.mark.gen_test


async def test_simultaneous_requests_compute_a_waveform_once(serve: Serve) -> None:
    client = await serve()
    job_id = await client.new_job()
    calls: list[Path] = []
    may_finish = threading.Event()

    def compute(audio: Path, track: str | None, check: object) -> Waveform:
        calls.append(audio)
        assert may_finish.wait(60)
        return Waveform(duration=1.0, peaks=(1, 2, 3))

    app = client.app
    waveforms = Waveforms(app.queue.index, app.store, compute)
    requests = [asyncio.ensure_future(waveforms.get(job_id)) for _ in range(5)]
    await asyncio.sleep(0.05)
    may_finish.set()
    assert {(await request).peaks for request in requests} == {(1, 2, 3)}
    assert (await waveforms.get(job_id)).peaks == (1, 2, 3)
    assert len(calls) == 1
    waveforms.stop()


async def test_a_failure_is_not_remembered(serve: Serve) -> None:
    client = await serve()
    job_id = await client.new_job()
    errors = [ZeroDivisionError(), None]

    def compute(audio: Path, track: str | None, check: object) -> Waveform:
        if (error := errors.pop(0)) is not None:
            raise error
        return Waveform(duration=1.0, peaks=(1,))

    app = client.app
    waveforms = Waveforms(app.queue.index, app.store, compute)
    with pytest.raises(ZeroDivisionError):
        await waveforms.get(job_id)
    assert (await waveforms.get(job_id)).peaks == (1,)
    waveforms.stop()


async def test_a_waveform_that_cannot_be_stored_is_returned(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await serve()
    job_id = await client.new_job()

    def full(*args: object) -> None:
        raise StorageFull

    monkeypatch.setattr(FileStore, "save_waveform", full)
    app = client.app
    waveforms = Waveforms(app.queue.index, app.store, lambda audio, track, check: Waveform(duration=3, peaks=(1,)))
    assert (await waveforms.get(job_id)).peaks == (1,)
    waveforms.stop()
