"""A text that one has replaces the machine's, with the times of its words."""

import json

import pytest

from tests.conftest import Serve
from tests.contract.test_second_texts import TextEngine, completed, post, text_of

pytestmark = pytest.mark.gen_test
SRT = """1
00:00:00,000 --> 00:00:01,000
We met Ada

2
00:00:01,000 --> 00:00:02,000
<i>Lovelace</i> in the rain.
"""


async def test_a_script_gets_the_times_that_were_heard(serve: Serve) -> None:
    client = await serve(engine=TextEngine())
    job_id = await completed(client, await client.submit())
    answer = await post(client, f"/job/{job_id}/align", version=0, text=SRT)
    assert answer.status == 200, answer.body
    assert (answer.json["version"], answer.json["words"], answer.json["placed"]) == (1, 7, 7)
    lines = [(each["text"], round(each["start"], 2), round(each["end"], 2)) for each in answer.json["segments"]]
    assert lines == [(" We met Ada", 0, 1.27), (" Lovelace in the rain.", 1.27, 3)]
    assert await text_of(client, job_id) == ["We met Ada", "Lovelace in the rain."]
    differences = (await client.get(f"/job/{job_id}/differences?with={job_id}")).json["differences"]
    assert [(each["text"], each["other_text"], each["is_spelling"]) for each in differences] == [
        ("We", "we", True),
        ("Ada", "ada", True),
        ("Lovelace", "lovelace", True),
        ("rain.", "rain", True),
    ]
    assert (await client.fetch("DELETE", f"/job/{job_id}/transcript?version=1")).json["version"] == 2
    assert await text_of(client, job_id) == ["we met", "ada lovelace", "in the rain"]


async def test_an_aligned_text_keeps_the_speakers(serve: Serve) -> None:
    client = await serve(engine=TextEngine())
    job_id = await completed(client, await client.submit())
    for at, speaker in ((0, "new"), (1, "new")):
        change = {"version": at, "at": at, "count": 1, "speaker": speaker}
        assert (await client.fetch("PATCH", f"/job/{job_id}/speakers", body=json.dumps(change).encode())).status == 200
    names = json.dumps({"version": 2, "names": {"S1": "Ada", "S2": "Charles"}}).encode()
    await client.fetch("PATCH", f"/job/{job_id}/speakers", body=names)
    answer = await post(client, f"/job/{job_id}/align", version=3, text="We met.\nAda Lovelace.\nIn the rain.")
    assert answer.status == 200, answer.body
    result = (await client.get(f"/job/{job_id}")).json["result"]
    assert [each["name"] for each in result["speakers"]] == ["Ada", "Charles"]
    assert [each["speaker"] for each in result["segments"]][:2] == ["S1", "S2"]


async def test_what_is_not_a_script_is_refused(serve: Serve) -> None:
    client = await serve(engine=TextEngine())
    job_id = await completed(client, await client.submit())
    for body in ({"version": 0, "text": " \n—"}, {"version": 0}, {"version": -1, "text": "a"}):
        answer = await client.fetch("POST", f"/job/{job_id}/align", body=json.dumps(body).encode())
        assert answer.code == "invalid_option"
    assert (await post(client, f"/job/{job_id}/align", version=5, text="a")).code == "transcript_changed"
    assert (await client.get(f"/job/{job_id}")).json["transcript_version"] == 0
