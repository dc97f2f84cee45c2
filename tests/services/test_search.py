"""The full-text index: filled at the start, and built anew when it is damaged."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localwhisper.jobqueue.event_bus import EventBus
from localwhisper.jobqueue.job_index import JobIndex
from localwhisper.jobs.events import Event, JobRemoved, TranscriptCorrected
from localwhisper.jobs.job import JobState
from localwhisper.services.search import BATCH, Search
from localwhisper.store.base import StampedText
from localwhisper.store.files import FileStore
from localwhisper.store.text_index import TextIndex
from tests.conftest import Serve
from tests.step_engine import StepEngine
from tests.store import samples

pytestmark = pytest.mark.gen_test
NEW = replace(samples.transcript(), text="new", version=1)


class SlowStore:
    """Has one transcript, and returns it when told to."""

    def __init__(self) -> None:
        self.is_reading, self.may_return = asyncio.Event(), asyncio.Event()

    async def changed_texts(self, stamps: Mapping[str, str | None]) -> list[StampedText]:
        self.is_reading.set()
        await self.may_return.wait()
        return [StampedText(job_id=job_id, stamp="1", text="old") for job_id in stamps]


@pytest.mark.parametrize(
    ("make_event", "n_found"),
    [
        (lambda job_id: None, {"old": 1, "new": 0}),
        (lambda job_id: TranscriptCorrected(job_id=job_id, transcript=NEW), {"old": 0, "new": 1}),
        (lambda job_id: JobRemoved(job_id=job_id), {"old": 0, "new": 0}),
    ],
    ids=["unchanged", "corrected", "removed"],
)
async def test_a_change_while_the_index_is_filled_wins(
    tmp_path: Path, make_event: Any, n_found: dict[str, int]
) -> None:
    index, bus, store = JobIndex(), EventBus(), SlowStore()
    job = samples.job(state=JobState.COMPLETED, filename="a.mp3")
    index.put(job)
    search = Search(index, store, TextIndex(tmp_path / "search.db"), bus)  # type: ignore[arg-type]
    search.start()
    await store.is_reading.wait()
    event: Event | None = make_event(job.id)
    if event is not None:
        bus.publish(event)
    store.may_return.set()
    assert search._filling is not None
    await search._filling
    assert {query: len(await search.find(query)) for query in n_found} == n_found
    await search.stop()


async def test_while_the_index_is_filled_it_can_be_searched_and_stopped(tmp_path: Path) -> None:
    index, store = JobIndex(), SlowStore()
    for _ in range(3 * BATCH):
        index.put(samples.job(state=JobState.COMPLETED))
    search = Search(index, store, TextIndex(tmp_path / "search.db"), EventBus())  # type: ignore[arg-type]
    search.start()
    store.may_return.set()
    await store.is_reading.wait()
    store.may_return.clear()
    while (n_found := len(await search.find("old"))) < BATCH:
        await asyncio.sleep(0.01)
    assert n_found < 3 * BATCH
    await asyncio.wait_for(search.stop(), 30)  # nothing else ends the filling


async def test_a_damaged_index_folder_does_not_stop_the_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = JobIndex()
    index.put(samples.job(state=JobState.COMPLETED))
    search = Search(index, SlowStore(), TextIndex(tmp_path / "missing" / "search.db"), EventBus())  # type: ignore[arg-type]
    search.start()
    assert search._filling is not None
    await search._filling
    assert "could not be completed" in caplog.text
    await search.stop()


async def test_an_index_damaged_during_work_is_built_anew(serve: Serve, engine: StepEngine, tmp_path: Path) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    filename = (await client.get(f"/job/{job_id}")).json["filename"]

    async def found(query: str) -> list[str]:
        answer = await client.get(f"/jobs?q={query}")
        assert answer.status == 200
        return [job["job_id"] for job in answer.json["jobs"]]

    assert await found("part") == [job_id]
    with closing(sqlite3.connect(tmp_path / "data" / "search.db")) as db:
        db.execute("DROP TABLE texts")
    assert await found(filename) == [job_id]
    while not (ids := await found("part")):
        await asyncio.sleep(0.01)
    assert ids == [job_id]


async def test_an_edit_that_was_not_indexed_before_a_kill_is_found(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.release()
    client = await serve()
    job_id, other = await client.new_job(), await client.new_job()
    for each in (job_id, other):
        await client.job_when(each, "completed")
    await client.close()
    client = await serve()
    put = TextIndex.put
    for word in ("corrected", "again"):
        monkeypatch.setattr(TextIndex, "put", lambda *_: None)  # killed before it is indexed
        version = (await client.get(f"/job/{job_id}")).json["transcript_version"]
        change = {"version": version, "at": 0, "remove": 1, "segments": [{"start": 0, "end": 1, "text": word}]}
        await client.fetch("PATCH", f"/job/{job_id}/transcript", body=json.dumps(change).encode())
        await client.close()
        monkeypatch.setattr(TextIndex, "put", put)
        client = await serve()
        while not (jobs := (await client.get(f"/jobs?q={word}")).json["jobs"]):
            await asyncio.sleep(0.01)
        assert [job["job_id"] for job in jobs] == [job_id]
    assert (await client.get("/jobs?q=corrected")).json["jobs"] == []
    assert [job["job_id"] for job in (await client.get("/jobs?q=part")).json["jobs"]] == [other, job_id]


async def test_only_changed_texts_are_read_again(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.release()
    client = await serve()
    await client.job_when(await client.new_job(), "completed")
    read: list[str] = []

    def changed_texts(store: FileStore, stamps: Mapping[str, str | None]) -> list[StampedText]:
        texts = original(store, stamps)
        read.extend(text.job_id for text in texts)
        return texts

    original = FileStore.changed_texts
    monkeypatch.setattr(FileStore, "changed_texts", changed_texts)
    n_read = []
    for _ in range(3):
        await client.close()
        client = await serve()
        filling = client.app.dependencies.jobs.search._filling
        assert filling is not None
        await filling
        n_read.append(len(read))
    assert n_read == [1, 1, 1]
