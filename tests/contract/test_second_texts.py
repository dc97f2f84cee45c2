"""Transcribing a recording again, and taking over what the second text has."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from localwhisper.engine.base import Control
from localwhisper.jobqueue.job_queue import JobQueue
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Transcript, Window
from localwhisper.options import Options
from localwhisper.services.second_texts import SecondTexts
from tests.conftest import Serve
from tests.http_client import Answer, Client
from tests.jobs.test_differences import segments
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


class TextEngine(StepEngine):
    """Transcribes to `texts`, of which `clip_timestamps` selects those seconds."""

    texts: Sequence[str] = ("we met", "ada lovelace", "in the rain")

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        start, end = (float(text) for text in f"{options.clip_timestamps},9".split(",")[:2])
        chosen = tuple(each for each in segments(*self.texts) if start <= each.start < end)
        text = "".join(segment.text for segment in chosen)
        return Transcript(text=text, language="en", segments=chosen, processing_time=0.1)


async def post(client: Client, path: str, **body: Any) -> Answer:
    return await client.fetch("POST", path, body=json.dumps(body).encode())


async def completed(client: Client, answer: Answer) -> str:
    job_id: str = answer.json["job_id"]
    await client.job_when(job_id, "completed")
    return job_id


async def text_of(client: Client, job_id: str) -> list[str]:
    return (await client.get(f"/job/{job_id}/transcript.txt")).body.decode().splitlines()


async def correct(client: Client, job_id: str, at: int, text: str) -> None:
    lines = [{"start": at, "end": at + 1, "text": text}]
    body = {"version": 0, "at": at, "remove": 1, "segments": lines}
    assert (await client.fetch("PATCH", f"/job/{job_id}/transcript", body=json.dumps(body).encode())).status == 200


async def test_differences_of_a_second_text_are_taken_over_one_by_one(serve: Serve) -> None:
    engine = TextEngine()
    client = await serve(engine=engine)
    first = await completed(client, await client.submit())
    engine.texts = ("We met", "Ada Loveless", "in the train")
    answer = await post(client, f"/job/{first}/again", language="en", beam_size=2)
    assert (answer.status, answer.headers["Location"]) == (201, f"/job/{answer.json['job_id']}")
    assert (answer.json["again_of"], answer.json["options"]["beam_size"]) == (first, 2)
    second = await completed(client, answer)
    path = f"/job/{first}/differences?with={second}"
    found = (await client.get(path)).json
    pairs = [(each["text"], each["other_text"], each["is_spelling"]) for each in found["differences"]]
    assert pairs == [
        ("we", "We", True),
        ("ada", "Ada", True),
        ("lovelace", "Loveless", False),
        ("rain", "train", False),
    ]
    train = found["differences"][3]
    assert train["places"] == [{"segment": 2, "start": 8, "end": 12}]
    changed = (await post(client, path, version=0, ids=[train["id"]])).json
    assert (changed["version"], changed["at"], changed["remove"]) == (1, 2, 1)
    assert [segment["text"] for segment in changed["segments"]] == [" in the train"]
    assert [each["id"] for each in (await client.get(path)).json["differences"]] == [
        each["id"] for each in found["differences"][:3]
    ]
    assert (await post(client, path, version=0, ids=[])).code == "transcript_changed"
    assert (await post(client, path, version=1, ids=[])).json["version"] == 1
    assert (await post(client, path, version=1, ids=[train["id"]])).code == "invalid_option"
    assert await text_of(client, first) == ["we met", "ada lovelace", "in the train"]
    assert await text_of(client, second) == ["We met", "Ada Loveless", "in the train"]


async def test_either_job_can_be_removed(serve: Serve) -> None:
    client = await serve(engine=TextEngine())
    first = await completed(client, await client.submit())
    recording = (await client.get(f"/job/{first}/audio")).body
    second = await completed(client, await post(client, f"/job/{first}/again"))
    files = [next((client.app.settings.data_dir / "jobs" / each).glob("audio*")) for each in (first, second)]
    assert files[0].samefile(files[1])
    await client.fetch("DELETE", f"/job/{first}?remove=true")
    assert (await client.get(f"/job/{second}/audio")).body == recording
    third = await completed(client, await post(client, f"/job/{second}/again"))
    await client.fetch("DELETE", f"/job/{third}?remove=true")
    assert (await client.get(f"/job/{second}/audio")).body == recording
    assert (await client.get(f"/job/{second}")).json["again_of"] == first


async def test_corrections_are_carried_over_where_the_texts_agree(serve: Serve) -> None:
    engine = TextEngine()
    client = await serve(engine=engine)
    first = await completed(client, await client.submit())
    await correct(client, first, 1, "Ada Lovelace")
    engine.texts = ("so we met", "ada lovelace", "on a train")
    queue = await client.socket("/ws/queue")
    second = await completed(client, await post(client, f"/job/{first}/again"))
    assert (await queue.until("corrected"))["data"] == {"version": 1, "speakers": []}
    assert await text_of(client, second) == ["so we met", "Ada Lovelace", "on a train"]
    original = await client.get(f"/job/{second}/transcript?original=true")
    assert original.body.decode().splitlines() == list(engine.texts)


async def test_a_kill_right_after_a_job_s_end_loses_no_correction(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor repeats it: the third start finds what the second has corrected, but not noted."""
    engine = TextEngine()
    client = await serve(engine=engine)
    first = await completed(client, await client.submit())
    await correct(client, first, 1, "Ada Lovelace")
    with monkeypatch.context() as killed:
        killed.setattr(SecondTexts, "_carry_over", never)
        second = await completed(client, await post(client, f"/job/{first}/again"))
        await client.close()
    for is_noted in (False, True):
        with monkeypatch.context() as killed:
            if not is_noted:
                killed.setattr(JobQueue, "note_done", never)
            client = await serve(engine=engine)
            while (await text_of(client, second))[1] != "Ada Lovelace":
                await asyncio.sleep(0.01)
            while is_noted and client.app.queue.index.get(second).corrections_due:
                await asyncio.sleep(0.01)
            assert (await client.get(f"/job/{second}")).json["transcript_version"] == 1
            await client.close()
    client = await serve(engine=engine)
    assert not client.app.queue.index.get(second).corrections_due


async def never(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


async def test_of_a_part_only_that_part_is_compared(serve: Serve) -> None:
    engine = TextEngine()
    client = await serve(engine=engine)
    first = await completed(client, await client.submit())
    engine.texts = ("we met", "ada loveless", "in the rain")
    second = await completed(client, await post(client, f"/job/{first}/again", clip_timestamps="1,2"))
    assert await text_of(client, second) == ["ada loveless"]
    found = (await client.get(f"/job/{first}/differences?with={second}")).json["differences"]
    assert [(each["text"], each["other_text"]) for each in found] == [("lovelace", "loveless")]


async def test_a_corrected_text_differs_from_the_machine_s_own(serve: Serve) -> None:
    client = await serve(engine=TextEngine())
    job_id = await completed(client, await client.submit())
    path = f"/job/{job_id}/differences?with={job_id}"
    assert (await client.get(path)).json == {"version": 0, "differences": []}
    await correct(client, job_id, 2, "in the train")
    found = (await client.get(path)).json["differences"]
    assert [(each["text"], each["other_text"], each["before"]) for each in found] == [
        ("train", "rain", "met ada lovelace in the")
    ]


async def test_a_second_opinion_is_a_wider_search_where_no_better_model_is_here(serve: Serve) -> None:
    client = await serve(engine=TextEngine())
    first = await completed(client, await client.submit())
    answer = await post(client, f"/job/{first}/again?second_opinion=true")
    options = answer.json["options"]
    assert (answer.json["model"], options["beam_size"], options["language"]) == ("demo", 5, "en")


async def test_only_a_job_that_has_ended_is_transcribed_again(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    assert (await post(client, f"/job/{job_id}/again")).code == "job_not_finished"
    await client.fetch("DELETE", f"/job/{job_id}")
    assert (await post(client, f"/job/{job_id}/again", unknown=1)).code == "unknown_option"
    assert (await post(client, f"/job/{job_id}/again")).status == 201


async def test_other_jobs_must_exist(serve: Serve) -> None:
    client = await serve(engine=TextEngine())
    job_id = await completed(client, await client.submit())
    assert (await client.get(f"/job/{job_id}/differences?with=x")).code == "invalid_option"
    other = "00000000-0000-0000-0000-000000000000"
    assert (await client.get(f"/job/{job_id}/differences?with={other}")).code == "job_not_found"
    assert (await post(client, f"/job/{job_id}/differences?with={job_id}", version=0, ids=[1])).code == "invalid_option"
