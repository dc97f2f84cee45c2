"""Voices that are kept: only those that somebody chose, suggested in other recordings, forgotten in one place."""

import json
import logging
from pathlib import Path

import pytest

from localwhisper import paths
from localwhisper.export.registry import EXPORTERS
from tests.conftest import Serve
from tests.contract.test_speakers import job_with_speakers, send
from tests.contract.test_transcripts import text_of
from tests.http_client import Answer, Client
from tests.step_engine import VOICE, StepEngine

pytestmark = pytest.mark.gen_test


async def keep(client: Client, **body: object) -> Answer:
    return await client.fetch("POST", "/known-voices", body=json.dumps(body).encode())


async def names(client: Client) -> list[str]:
    return [voice["name"] for voice in (await client.get("/known-voices")).json["known_voices"]]


async def suggested(client: Client, job_id: str) -> dict[str, str]:
    suggestions = (await client.get(f"/job/{job_id}/speakers/suggestions")).json["suggestions"]
    return {each["speaker"]: each["name"] for each in suggestions}


async def job_with_bob(client: Client) -> str:
    """Bob is S2, whose voice is kept."""
    job_id = await job_with_speakers(client)
    await send(client, "PATCH", job_id, version=1, names={"S2": "Bob"})
    assert (await keep(client, job_id=job_id, speaker="S2")).status == 201
    return job_id


@pytest.fixture(autouse=True)
def released(engine: StepEngine) -> None:
    engine.release()


async def test_a_kept_voice_is_suggested_in_other_recordings_and_never_asserted(serve: Serve, tmp_path: Path) -> None:
    file = paths.known_voices(tmp_path / "data")
    client = await serve()
    first = await job_with_speakers(client)
    await send(client, "PATCH", first, version=1, names={"S2": "Bob"})
    assert await suggested(client, first) == {}
    assert not file.exists()  # names alone keep nobody's voice
    kept = await keep(client, job_id=first, speaker="S2")
    assert (kept.status, kept.json) == (201, {"id": kept.json["id"], "name": "Bob"})
    assert file.stat().st_mode & 0o777 == 0o600
    await client.close()
    client = await serve()
    assert await names(client) == ["Bob"]
    second = await job_with_speakers(client)
    assert await suggested(client, second) == {"S2": "Bob"}
    assert (await text_of(client, second)).count("Speaker 2") == 1
    await send(client, "PATCH", second, version=1, names={"S1": "Bob"})
    assert await suggested(client, second) == {}  # he is somebody else there


async def test_voices_are_forgotten_one_by_one_or_all_at_once(serve: Serve, tmp_path: Path) -> None:
    file = paths.known_voices(tmp_path / "data")
    client = await serve()
    job_id = await job_with_bob(client)
    await send(client, "PATCH", job_id, version=2, names={"S1": "Ann"})
    await keep(client, job_id=job_id, speaker="S1")
    bob = (await keep(client, job_id=job_id, speaker="S2")).json["id"]  # again
    assert await names(client) == ["Ann", "Bob"]
    assert (await client.fetch("DELETE", f"/known-voices/{bob}")).status == 204
    assert (await client.fetch("DELETE", f"/known-voices/{bob}")).code == "known_voice_not_found"
    assert await names(client) == ["Ann"]
    file.write_bytes(b"{")
    assert (await client.get("/known-voices")).code == "storage_unwritable"
    assert (await keep(client, job_id=job_id, speaker="S2")).status == 503
    assert file.read_bytes() == b"{"
    assert (await client.fetch("DELETE", "/known-voices")).status == 204
    assert not file.exists()
    assert await names(client) == []


async def test_a_voiceprint_is_nowhere_but_in_its_file(
    serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await serve()
    job_id = await job_with_bob(client)
    other = await job_with_speakers(client)
    urls = ["/known-voices", "/jobs", f"/job/{job_id}", f"/job/{job_id}/speakers", f"/job/{other}/speakers/suggestions"]
    urls += [f"/job/{job_id}/transcript.{name}" for name in EXPORTERS]
    for url in urls:
        assert str(VOICE).encode() not in (await client.get(url)).body
    assert str(VOICE) not in caplog.text
    await client.close()  # nothing is being written
    files = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert [file for file in files if str(VOICE).encode() in file.read_bytes()] == [
        paths.known_voices(tmp_path / "data")
    ]


async def test_a_voice_needs_a_name_and_some_seconds_alone(serve: Serve) -> None:
    client = await serve()
    job_id = await job_with_speakers(client)
    for body, code in (
        ({"job_id": job_id, "speaker": "S1"}, "invalid_option"),
        ({"job_id": job_id, "speaker": "S9"}, "invalid_option"),
        ({"job_id": "0" * 36, "speaker": "S1"}, "job_not_found"),
        ({"job_id": job_id}, "invalid_body"),
        ({"job_id": job_id, "speaker": "S1", "name": "Bob"}, "invalid_body"),
    ):
        assert (await keep(client, **body)).code == code
