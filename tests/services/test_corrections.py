"""Corrections that cannot be applied, and damaged corrections."""

import json
from pathlib import Path
from typing import Any

import pytest

from localwhisper.store.base import CORRECTED
from tests.conftest import Serve
from tests.http_client import Answer, Client
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
DAMAGE = [b"", b"{", b'{"format":1,"text":5}', b"\0" * 100, None]


async def patch(client: Client, job_id: str, **changes: Any) -> Answer:
    body = {"version": 0, "at": 0, "remove": 1, "segments": [{"start": 0, "end": 1, "text": "better"}], **changes}
    return await client.fetch("PATCH", f"/job/{job_id}/transcript", body=json.dumps(body).encode())


async def completed(client: Client, engine: StepEngine) -> str:
    """The id of a job with three segments."""
    engine.release()
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    return job_id


@pytest.mark.parametrize(
    ("at", "remove", "field", "value", "accepted"),
    [
        (0, 2_000_000, "remove", 2_000_000, "0 to 3"),
        (2, 2, "remove", 2, "0 to 1"),
        (3, 1, "remove", 1, "0 to 0"),
        (4, 0, "at", 4, "0 to 3"),
        (2_000_000, 2_000_000, "at", 2_000_000, "0 to 3"),
    ],
)
async def test_a_correction_past_the_end_names_the_field_and_its_range(
    serve: Serve, engine: StepEngine, at: int, remove: int, field: str, value: int, accepted: str
) -> None:
    client = await serve()
    answer = await patch(client, await completed(client, engine), at=at, remove=remove)
    assert (answer.status, answer.code) == (400, "invalid_option")
    message = answer.json["error"]["message"]
    assert field in message
    assert str(value) in message
    assert message.rstrip(".").endswith(accepted)


async def corrected(client: Client, engine: StepEngine, folder: Path, damage: bytes | None) -> tuple[str, Path]:
    """A job whose corrections are damaged: its id and their file. None: the file is a link that leads nowhere."""
    job_id = await completed(client, engine)
    assert (await patch(client, job_id)).status == 200
    file = folder / "data" / "jobs" / job_id / CORRECTED
    if damage is None:
        file.unlink()
        file.symlink_to("nowhere")
    else:
        file.write_bytes(damage)
    return job_id, file


@pytest.mark.parametrize("damage", DAMAGE, ids=["emptied", "truncated", "wrong", "zeros", "dangling link"])
async def test_damaged_corrections_are_reported_and_the_original_text_is_available(
    serve: Serve, engine: StepEngine, tmp_path: Path, damage: bytes | None
) -> None:
    client = await serve()
    job_id, _ = await corrected(client, engine, tmp_path, damage)
    job = (await client.get(f"/job/{job_id}")).json
    assert (job["status"], job["error"]["code"]) == ("completed", "job_damaged")
    assert CORRECTED in job["error"]["message"]
    assert "result" not in job
    assert (await client.get(f"/job/{job_id}/transcript")).code == "job_damaged"
    original = await client.get(f"/job/{job_id}/transcript?original=true")
    assert original.body.decode() == "part 0\npart 1\npart 2\n"


@pytest.mark.parametrize("damage", [b"{", None], ids=["truncated", "dangling link"])
async def test_damaged_corrections_are_never_overwritten(
    serve: Serve, engine: StepEngine, tmp_path: Path, damage: bytes | None
) -> None:
    client = await serve()
    job_id, file = await corrected(client, engine, tmp_path, damage)
    for version in (0, 1, 2):
        assert (await patch(client, job_id, version=version)).code == "job_damaged"
    assert file.is_symlink() if damage is None else file.read_bytes() == damage


async def test_damaged_corrections_are_set_aside_when_they_are_discarded(
    serve: Serve, engine: StepEngine, tmp_path: Path
) -> None:
    client = await serve()
    job_id, file = await corrected(client, engine, tmp_path, b"{damaged")
    answer = await client.fetch("DELETE", f"/job/{job_id}/transcript?version=1")
    assert (answer.json["version"], answer.json["text"]) == (0, " part 0 part 1 part 2")
    assert [path.read_bytes() for path in file.parent.glob("corrected.damaged*")] == [b"{damaged"]
    assert (await patch(client, job_id)).json["version"] == 1
    assert (await client.get(f"/job/{job_id}")).json["transcript_version"] == 1


async def test_damaged_corrections_stay_accessible_without_the_job_record(
    serve: Serve, engine: StepEngine, tmp_path: Path
) -> None:
    client = await serve()
    job_id, file = await corrected(client, engine, tmp_path, b"{damaged")
    await client.close()
    (file.parent / "job.json").write_bytes(b"{")
    again = await serve()
    assert (await again.get(f"/job/{job_id}")).json["error"]["code"] == "job_damaged"
    original = await again.get(f"/job/{job_id}/transcript?original=true")
    assert original.body.decode() == "part 0\npart 1\npart 2\n"


async def test_a_transcript_rebuilt_from_its_windows_can_be_corrected(
    serve: Serve, engine: StepEngine, tmp_path: Path
) -> None:
    client = await serve()
    job_id = await completed(client, engine)
    machine_transcript = tmp_path / "data" / "jobs" / job_id / "transcript.json"
    machine_transcript.write_bytes(b"{damaged")
    assert (await patch(client, job_id)).json["version"] == 1
    assert (await client.get(f"/job/{job_id}/transcript")).body.decode() == "better\npart 1\npart 2\n"
    assert (await client.fetch("DELETE", f"/job/{job_id}/transcript?version=1")).json["version"] == 2
    assert machine_transcript.read_bytes() == b"{damaged"
