"""Word times of jobs that were transcribed without: computed once, stored, and given to corrected text too."""

import asyncio
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localwhisper.engine.base import Control
from localwhisper.errors import ModelTooLarge
from localwhisper.jobs.transcript import Segment
from localwhisper.jobs.word_times import spread_words
from localwhisper.messages import Message
from localwhisper.options import Options
from tests.conftest import Serve
from tests.http_client import Client
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


class AligningEngine(StepEngine):
    """Aligns once `may_finish` is set; moves each segment's start by 0.1 s."""

    def __init__(self) -> None:
        super().__init__()
        self.release()
        self.may_finish = threading.Event()
        self.may_finish.set()
        self.n_alignments = 0
        self.fails_to_align: Exception | None = None

    def align(
        self, audio: Path, options: Options, language: str, segments: Sequence[Segment], control: Control
    ) -> tuple[Segment, ...]:
        self.n_alignments += 1
        control.progress(1.0, Message("aligning"))
        while not self.may_finish.wait(0.01):
            control.check()
        if self.fails_to_align is not None:
            raise self.fails_to_align
        moved = [replace(segment, start=segment.start + 0.1) for segment in segments]
        return tuple(replace(segment, words=spread_words(segment)) for segment in moved)


async def completed(client: Client) -> str:
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    return job_id


def words_of(body: Any) -> list[list[str]]:
    return [[word["word"] for word in segment["words"]] for segment in body["segments"]]


async def test_word_times_are_found_once_and_stored(serve: Serve) -> None:
    engine = AligningEngine()
    client = await serve(engine=engine)
    job_id = await completed(client)
    queue = await client.socket("/ws/queue")
    answers = await asyncio.gather(*(client.fetch("POST", f"/job/{job_id}/words") for _ in range(3)))
    assert [words_of(answer.json) for answer in answers] == [[[" part", f" {n}"] for n in range(3)]] * 3
    progress = [(await queue.until("words"))["data"]["progress"] for _ in range(2)]
    assert progress == [33.3, 100.0]
    await client.close()
    client = await serve(engine=engine)
    result = (await client.get(f"/job/{job_id}")).json["result"]
    assert words_of(result) == words_of(answers[0].json)
    assert [segment["start"] for segment in result["segments"]] == [0.1, 1.1, 2.1]
    assert (await client.fetch("POST", f"/job/{job_id}/words")).json["version"] == 0
    assert engine.n_alignments == 1


async def test_corrected_text_gets_word_times_and_keeps_its_version(serve: Serve) -> None:
    client = await serve(engine=AligningEngine())
    job_id = await completed(client)
    lines = [{"start": 1.0, "end": 1.5, "text": "a new part"}]
    body = json.dumps({"version": 0, "at": 1, "remove": 1, "segments": lines}).encode()
    await client.fetch("PATCH", f"/job/{job_id}/transcript", body=body)
    answer = (await client.fetch("POST", f"/job/{job_id}/words")).json
    assert answer["version"] == 1
    assert words_of(answer) == [[" part", " 0"], [" a", " new", " part"], [" part", " 2"]]
    assert [(segment["start"], segment["end"]) for segment in answer["segments"]] == [(0.1, 1), (1, 1.5), (2.1, 3)]
    machine_s_own = (await client.fetch("DELETE", f"/job/{job_id}/transcript?version=1")).json
    assert words_of(machine_s_own) == [[" part", f" {n}"] for n in range(3)]


async def test_a_failure_is_answered_and_not_remembered(serve: Serve) -> None:
    engine = AligningEngine()
    engine.fails_to_align = ModelTooLarge(model="demo")
    client = await serve(engine=engine)
    job_id = await completed(client)
    assert (await client.fetch("POST", f"/job/{job_id}/words")).code == "out_of_memory"
    engine.fails_to_align = None
    assert (await client.fetch("POST", f"/job/{job_id}/words")).status == 200


async def test_removing_the_job_ends_the_search(serve: Serve) -> None:
    engine = AligningEngine()
    engine.may_finish.clear()
    client = await serve(engine=engine)
    job_id = await completed(client)
    request = asyncio.ensure_future(client.fetch("POST", f"/job/{job_id}/words"))
    while not engine.n_alignments:
        await asyncio.sleep(0.01)
    await client.fetch("DELETE", f"/job/{job_id}?remove=true")
    assert (await request).code == "job_not_found"


async def test_a_job_that_is_not_completed_has_none(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    assert (await client.fetch("POST", f"/job/{job_id}/words")).code == "job_not_finished"
