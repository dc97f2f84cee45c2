"""POST /transcribe-job."""

import uuid
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.http_client import wav

pytestmark = pytest.mark.gen_test


async def test_the_answer_has_the_documented_fields(serve: Serve) -> None:
    client = await serve()
    answer = await client.submit()
    assert answer.status == 200
    job = answer.json
    given = {"job_id", "status", "websocket_url", "estimated_processing_time", "queue_position"}
    assert set(job) == given | {"model", "model_reason"}
    assert job["job_id"] == str(uuid.UUID(job["job_id"]))
    assert (job["status"], job["queue_position"]) == ("queued", 1)
    assert job["websocket_url"] == f"ws://{client.host}/ws/transcription/{job['job_id']}"
    assert answer.headers["Location"] == f"/job/{job['job_id']}"
    assert job["estimated_processing_time"] > 0


async def test_waiting_jobs_have_a_queue_position(serve: Serve) -> None:
    client = await serve(max_concurrent_jobs=1)
    answers = [(await client.submit()).json for _ in range(3)]
    assert [answer["queue_position"] for answer in answers] == [1, 1, 2]  # the first is taken at once
    assert {answer["status"] for answer in answers} == {"queued"}


@pytest.mark.parametrize("order", ["before", "after"])
async def test_options_may_precede_or_follow_the_file(serve: Serve, order: str) -> None:
    client = await serve()
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + wav() + b"\r\n"
    option = b'--b\r\nContent-Disposition: form-data; name="language"\r\n\r\nSpanish\r\n'
    body = (option + file if order == "before" else file + option) + b"--b--\r\n"
    answer = await client.fetch("POST", "/transcribe-job", body=body, Content_Type="multipart/form-data; boundary=b")
    job = (await client.get(answer.headers["Location"])).json
    assert job["options"]["language"] == "es"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("return_timestamps", "No", False),
        ("return_timestamps", "ON", True),
        ("word_timestamps", "1", True),
        ("vad_filter", "yes", True),
        ("language", "EN", "en"),
        ("language", "auto", "auto"),
        ("language", "castilian", "es"),
        ("temperature", "0.4", 0.4),
        ("beam_size", "5", 5),
        ("initial_prompt", " Ana, Bo ", "Ana, Bo"),
        ("priority", "high", "high"),
    ],
)
async def test_option_values_are_parsed_leniently(serve: Serve, field: str, value: str, expected: object) -> None:
    client = await serve()
    job_id = await client.new_job(**{field: value})
    assert (await client.get(f"/job/{job_id}")).json["options"][field] == expected


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"language": "klingon"}, "invalid_option", "language"),
        ({"return_timestamps": "perhaps"}, "invalid_option", "return_timestamps"),
        ({"task": "sing"}, "invalid_option", "task"),
        ({"temperature": "nan"}, "invalid_option", "temperature"),
        ({"temperature": "1.5"}, "invalid_option", "temperature"),
        ({"beam_size": "0"}, "invalid_option", "beam_size"),
        ({"model": "huge"}, "invalid_option", "medium"),
        ({"model": "../demo"}, "invalid_option", "medium"),
        ({"colour": "red"}, "unknown_option", "colour"),
        ({"task": "translate"}, "model_cannot_translate", "demo"),
    ],
)
async def test_errors_name_what_is_not_accepted(serve: Serve, fields: dict[str, str], code: str, named: str) -> None:
    client = await serve()
    answer = await client.submit(fields=fields)
    assert (answer.status, answer.code) == (400, code)
    assert named in answer.json["error"]["message"]
    assert (await client.get("/jobs")).json["jobs"] == []


BOUNDARY = "multipart/form-data; boundary=b"
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nxx\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{}", "invalid_body"),
        ("multipart/form-data", FILE + b"--b--\r\n", "invalid_body"),
        (BOUNDARY, b"", "invalid_body"),
        (BOUNDARY, FILE, "invalid_body"),
        (BOUNDARY, FILE + FILE + b"--b--\r\n", "duplicate_field"),
        (
            BOUNDARY,
            b'--b\r\nContent-Disposition: form-data; name="task"\r\n\r\ntranscribe\r\n--b--\r\n',
            "missing_file",
        ),
        (BOUNDARY, b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", "invalid_body"),
        (BOUNDARY, FILE + b"--b--\r\n", "audio_unreadable"),
    ],
    ids=["json", "no boundary", "empty", "broken off", "file twice", "no file", "nameless part", "no audio"],
)
async def test_invalid_bodies_are_refused_and_leave_no_file(
    serve: Serve, tmp_path: Path, content_type: str, body: bytes, code: str
) -> None:
    client = await serve()
    answer = await client.fetch("POST", "/transcribe-job", body=body, Content_Type=content_type)
    assert (answer.status, answer.code) == (400, code)
    assert list((tmp_path / "data" / "incoming").iterdir()) == []
    assert list((tmp_path / "data" / "jobs").iterdir()) == []


async def test_an_oversized_file_is_refused_and_leaves_no_file(serve: Serve, tmp_path: Path) -> None:
    client = await serve(max_upload_bytes=1000)
    answer = await client.submit()
    assert (answer.status, answer.code) == (413, "upload_too_large")
    assert list((tmp_path / "data" / "incoming").iterdir()) == []


async def test_audio_that_is_too_long_is_refused(serve: Serve) -> None:
    client = await serve(max_audio_seconds=2)
    answer = await client.submit()
    assert (answer.status, answer.code) == (400, "audio_too_long")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd.wav", "passwd.wav"),
        ("C:\\x\\día.wav", "día.wav"),
        ("a\u202eb.wav", "ab.wav"),
        (" ", "audio"),
    ],
)
async def test_file_names_are_reduced_to_what_can_be_displayed(serve: Serve, sent: str, shown: str) -> None:
    client = await serve()
    answer = await client.submit(filename=sent)
    job = (await client.get(answer.headers["Location"])).json
    assert job["filename"] == shown


async def test_a_stopped_queue_accepts_no_jobs(serve: Serve) -> None:
    client = await serve()
    await client.app.queue.stop()
    answer = await client.submit()
    assert (answer.status, answer.code) == (503, "queue_not_running")
    assert (await client.get("/health")).status == 503
    assert (await client.fetch("POST", "/queue/restart")).json["queue"]["is_running"] is True
    assert (await client.submit()).status == 200


@pytest.mark.parametrize(
    ("sent", "shown"),
    [(b"caf\xe9.wav", "café.wav"), ("café.wav".encode(), "café.wav"), (b"a\xed\xa0\x80.wav", "aí.wav")],
)
async def test_file_names_need_not_be_utf_8(serve: Serve, sent: bytes, shown: str) -> None:
    client = await serve()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + sent + b'"\r\n\r\n'
    body = head + wav() + b"\r\n--b--\r\n"
    answer = await client.fetch("POST", "/transcribe-job", body=body, Content_Type="multipart/form-data; boundary=b")
    assert answer.status == 200, answer.body
    assert (await client.get(f"/job/{answer.json['job_id']}")).json["filename"] == shown


async def test_options_of_whispers_command_without_an_effect_are_named(serve: Serve) -> None:
    client = await serve()
    answer = await client.submit(fields={"device": "cuda", "fp16": "True", "threads": "4", "best_of": "2"})
    assert (answer.status, answer.headers["X-Ignored-Fields"]) == (200, "device, fp16, threads")
    assert "X-Ignored-Fields" not in (await client.submit()).headers
