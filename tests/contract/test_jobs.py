"""One job and the list of jobs: read, cancel, remove, retry, audio, exports."""

import asyncio
import uuid
from pathlib import Path

import pytest

from localwhisper.engine.base import Control
from localwhisper.errors import ModelTooLarge
from localwhisper.jobs.transcript import Transcript, Window
from localwhisper.server.job_audio import AudioHandler
from tests.audio.recordings import ffmpeg
from tests.conftest import Serve
from tests.http_client import wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
UNKNOWN_ID = str(uuid.UUID(int=7))


async def test_a_running_job_has_progress_and_segments(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    engine.step()
    while (job := (await client.get(f"/job/{job_id}")).json)["message"] != "Processing segment 2/3":
        await asyncio.sleep(0.01)
    assert job["status"] == "processing"
    assert job["progress"] == pytest.approx(33.3, abs=0.1)
    assert job["created_at"].endswith("Z")
    assert job["started_at"].endswith("Z")
    assert job["estimated_time_remaining"] >= 0
    assert (job["filename"], job["model"], job["audio_duration"]) == ("clip.wav", "demo", 3.0)
    assert [segment["text"] for segment in job["segments"]] == [" part 0"]
    assert "result" not in job


async def test_a_completed_job_has_its_result(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job = await client.job_when(await client.new_job(), "completed")
    assert (job["progress"], job["language"]) == (100.0, "en")
    assert job["completed_at"] >= job["started_at"] >= job["created_at"]
    assert job["estimated_time_remaining"] is None
    result = job["result"]
    assert set(result) == {"text", "language", "segments", "processing_time", "retries"}
    assert result["text"] == " part 0 part 1 part 2"
    assert [(s["id"], s["start"], s["end"]) for s in result["segments"]] == [(0, 0, 1), (1, 1, 2), (2, 2, 3)]
    figures = {"avg_logprob", "no_speech_prob", "compression_ratio", "temperature"}
    assert figures <= set(result["segments"][0])


async def test_without_timestamps_the_result_has_no_segments(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    job = await client.job_when(await client.new_job(return_timestamps="false"), "completed")
    assert job["result"]["segments"] == []
    assert job["result"]["text"] == " part 0 part 1 part 2"


async def test_a_failed_job_has_an_error_in_the_requested_language(serve: Serve, engine: StepEngine) -> None:
    engine.fails_with = ModelTooLarge(model="demo")
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    job = await client.job_when(job_id, "failed")
    assert job["error"]["code"] == "out_of_memory"
    assert "smaller model" in job["error"]["message"]
    spanish = (await client.get(f"/job/{job_id}", Accept_Language="es-MX,en;q=0.5")).json
    assert "más pequeño" in spanish["error"]["message"]
    assert (await client.get(f"/job/{job_id}?lang=es")).json["error"] == spanish["error"]


@pytest.mark.parametrize("error", [RuntimeError("secret"), MemoryError(), SystemExit(3), KeyboardInterrupt()])
async def test_an_exception_in_the_engine_fails_the_job_without_revealing_internals(
    serve: Serve, engine: StepEngine, error: BaseException
) -> None:
    engine.fails_with = error
    engine.release()
    client = await serve()
    job = await client.job_when(await client.new_job(), "failed")
    assert job["error"]["code"] in ("internal_error", "out_of_memory")
    assert "secret" not in job["error"]["message"]


async def test_cancelling_a_running_job_stops_the_engine(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    while not engine.started:
        await asyncio.sleep(0.01)
    answer = await client.fetch("DELETE", f"/job/{job_id}")
    assert (answer.status, answer.json["status"]) == (200, "cancelled")
    assert engine.running == 0
    again = await client.fetch("DELETE", f"/job/{job_id}")
    assert (again.status, again.code) == (409, "job_already_finished")


async def test_a_cancelled_waiting_job_is_never_started(serve: Serve, engine: StepEngine) -> None:
    client = await serve(max_concurrent_jobs=1)
    await client.new_job()
    waiting = await client.new_job()
    answer = await client.fetch("DELETE", f"/job/{waiting}")
    assert answer.json["status"] == "cancelled"
    engine.release()
    assert waiting not in engine.started


@pytest.mark.parametrize("state", ["processing", "completed", "cancelled", "queued"])
async def test_removing_a_job_deletes_its_folder(serve: Serve, engine: StepEngine, tmp_path: Path, state: str) -> None:
    client = await serve(max_concurrent_jobs=1)
    if state == "queued":
        await client.new_job()
    job_id = await client.new_job()
    if state == "completed":
        engine.release()
        await client.job_when(job_id, "completed")
    if state == "cancelled":
        await client.fetch("DELETE", f"/job/{job_id}")
    answer = await client.fetch("DELETE", f"/job/{job_id}?remove=true")
    assert answer.status == 200
    assert (await client.get(f"/job/{job_id}")).code == "job_not_found"
    assert not (tmp_path / "data" / "jobs" / job_id).exists()


async def test_a_retry_keeps_the_options(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job(language="es", beam_size="2")
    engine.step()
    await client.fetch("DELETE", f"/job/{job_id}")
    engine.release()
    answer = await client.fetch("POST", f"/job/{job_id}/retry")
    assert answer.status == 200
    job = await client.job_when(job_id, "completed")
    assert (job["options"]["language"], job["options"]["beam_size"]) == ("es", 2)
    assert job["result"]["text"] == " part 0 part 1 part 2"
    again = await client.fetch("POST", f"/job/{job_id}/retry")
    assert (again.status, again.code) == (409, "job_not_retryable")


async def test_of_simultaneous_retries_one_succeeds(serve: Serve, engine: StepEngine) -> None:
    client = await serve()
    job_id = await client.new_job()
    await client.fetch("DELETE", f"/job/{job_id}")
    answers = await asyncio.gather(*(client.fetch("POST", f"/job/{job_id}/retry") for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    engine.release()
    await client.job_when(job_id, "completed")


async def test_the_list_has_pages_and_filters(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    ids = [(await client.submit(filename=f"talk {n}.wav")).json["job_id"] for n in range(5)]
    for job_id in ids:
        await client.job_when(job_id, "completed")
    first = (await client.get("/jobs?limit=2")).json
    second = (await client.get(f"/jobs?limit=2&cursor={first['next_cursor']}")).json
    third = (await client.get(f"/jobs?limit=2&cursor={second['next_cursor']}")).json
    listed = [job["job_id"] for page in (first, second, third) for job in page["jobs"]]
    assert listed == ids[::-1]
    assert third["next_cursor"] is None
    assert [job["filename"] for job in (await client.get("/jobs?q=TALK%203")).json["jobs"]] == ["talk 3.wav"]
    assert (await client.get("/jobs?status=failed,cancelled")).json["jobs"] == []
    assert len((await client.get("/jobs?status=completed")).json["jobs"]) == 5


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "limit=9999", "limit=50%19", "status=lost", "cursor=nonsense", "cursor=9_x", "cursor=%19"],
)
async def test_invalid_list_parameters_are_refused(serve: Serve, query: str) -> None:
    client = await serve()
    answer = await client.get(f"/jobs?{query}")
    assert (answer.status, answer.code) == (400, "invalid_option")


async def test_audio_is_served_whole_and_in_ranges(serve: Serve) -> None:
    client = await serve()
    audio = wav(1.0)
    job_id = (await client.submit(audio)).json["job_id"]
    whole = await client.get(f"/job/{job_id}/audio")
    assert (whole.status, whole.body) == (200, audio)
    assert whole.headers["Content-Type"].startswith("audio/")
    part = await client.get(f"/job/{job_id}/audio", Range="bytes=100-199")
    assert (part.status, part.body) == (206, audio[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(audio)}"
    beyond = await client.get(f"/job/{job_id}/audio", Range=f"bytes={len(audio)}-")
    assert (beyond.status, beyond.json["error"]["code"]) == (416, "bad_request")
    head = await client.fetch("HEAD", f"/job/{job_id}/audio")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(audio)))


async def test_a_clip_of_the_audio(serve: Serve) -> None:
    client = await serve()
    job_id = (await client.submit(wav(3.0), filename="Tälk.wav")).json["job_id"]
    clip = await client.get(f"/job/{job_id}/audio?from=1&to=2.5&format=mp3")
    assert (clip.status, clip.headers["Content-Type"]) == (200, "audio/mpeg")
    assert clip.headers["Content-Disposition"].endswith("T%C3%A4lk%201-2.5%20s.mp3")
    whole = await client.get(f"/job/{job_id}/audio?format=wav")
    assert len(whole.body) == pytest.approx(3 * 48000 * 2, abs=5000)
    for query in ("from=2&to=1", "from=-1", "to=x", "from=1e3", "from=nan", "format=aiff", "from=3&to=4", "to="):
        refused = await client.get(f"/job/{job_id}/audio?{query}")
        assert (refused.status, refused.json["error"]["code"]) == (400, "invalid_option"), query


async def test_a_clip_is_no_longer_than_five_minutes(serve: Serve) -> None:
    client = await serve()
    job_id = (await client.submit(wav(301.0))).json["job_id"]
    refused = await client.get(f"/job/{job_id}/audio?to=300.5")
    assert (refused.status, refused.json["error"]["code"]) == (400, "invalid_option")


async def test_uploads_are_never_served_as_html(serve: Serve) -> None:
    client = await serve()
    job_id = (await client.submit(filename="evil.html")).json["job_id"]
    answer = await client.get(f"/job/{job_id}/audio")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("extension", "media_type", "has"),
    [
        ("txt", "text/plain", b"part 1\n"),
        ("srt", "application/x-subrip", b"00:00:01,000 --> 00:00:02,000"),
        ("vtt", "text/vtt", b"WEBVTT"),
        ("tsv", "text/tab-separated-values", b"1000\t2000\tpart 1"),
        ("json", "application/json", b'"segments"'),
    ],
)
async def test_transcripts_are_exported(
    serve: Serve, engine: StepEngine, extension: str, media_type: str, has: bytes
) -> None:
    engine.release()
    client = await serve()
    job_id = (await client.submit(filename="días.wav")).json["job_id"]
    await client.job_when(job_id, "completed")
    answer = await client.get(f"/job/{job_id}/transcript.{extension}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert f"filename*=UTF-8''d%C3%ADas.{extension}" in answer.headers["Content-Disposition"]
    assert has in answer.body
    assert (await client.get(f"/job/{job_id}/transcript?format={extension}")).body == answer.body


async def test_exports_of_unfinished_jobs_and_unknown_formats_are_refused(serve: Serve) -> None:
    client = await serve()
    job_id = await client.new_job()
    assert (await client.get(f"/job/{job_id}/transcript.srt")).code == "job_not_finished"
    assert (await client.get(f"/job/{job_id}/transcript.exe")).code == "invalid_option"


@pytest.mark.parametrize("name", [UNKNOWN_ID, UNKNOWN_ID.upper(), "1", "..%2f..", "%00", UNKNOWN_ID.replace("-", "")])
async def test_unknown_jobs_are_not_found(serve: Serve, name: str) -> None:
    client = await serve()
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/retry"),
        ("GET", "/audio"),
        ("GET", "/transcript"),
    ):
        answer = await client.fetch(method, f"/job/{name}{path}")
        assert answer.status == 404
        assert answer.code == ("job_not_found" if name == UNKNOWN_ID else "route_not_found")


async def test_a_range_of_another_version_is_answered_with_the_whole_audio(serve: Serve) -> None:
    client = await serve()
    audio = wav(1.0)
    job_id = (await client.submit(audio)).json["job_id"]
    changed = (await client.get(f"/job/{job_id}/audio")).headers["Last-Modified"]
    same = await client.get(f"/job/{job_id}/audio", Range="bytes=0-9", If_Range=changed)
    assert (same.status, same.body) == (206, audio[:10])
    for other in ("Mon, 01 Jan 2024 00:00:00 GMT", '"tag"', "x"):
        answer = await client.get(f"/job/{job_id}/audio", Range="bytes=0-9", If_Range=other)
        assert (answer.status, answer.body) == (200, audio), other


@pytest.mark.parametrize("step", ["get_modified_time", "set_headers"])
async def test_audio_requested_while_its_job_is_removed_is_not_found(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    engine.release()
    client = await serve()
    job_id = await client.new_job()
    await client.job_when(job_id, "completed")
    original = getattr(AudioHandler, step)

    def remove_first(handler: AudioHandler) -> object:
        handler.dependencies.jobs.index.discard(job_id)
        Path(handler.absolute_path or "").unlink()
        return original(handler)

    monkeypatch.setattr(AudioHandler, step, remove_first)
    answer = await client.get(f"/job/{job_id}/audio")
    assert (answer.status, answer.code) == (404, "job_not_found")


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    """Half a second with two audio tracks, the second louder."""
    file = tmp_path / "film.mkv"
    tones = [argument for hertz in (300, 400) for argument in ("-f", "lavfi", "-i", f"sine={hertz}:duration=0.5")]
    ffmpeg(*tones, "-map", "0", "-map", "1", "-metadata:s:a:0", "language=eng", "-filter:a:1", "volume=4", file)
    return file.read_bytes()


async def test_several_audio_tracks_are_listed_and_another_is_transcribed(
    serve: Serve, engine: StepEngine, film: bytes
) -> None:
    engine.release()
    client = await serve()
    job_id = (await client.submit(film, filename="film.mkv")).json["job_id"]
    job = await client.job_when(job_id, "completed")
    tracks = [{"number": 1, "language": "eng"}, {"number": 2, "language": None}]
    assert job["audio_tracks"] == tracks
    again = await client.fetch("POST", f"/job/{job_id}/again", body=b'{"audio_track": "2"}')
    assert (again.json["audio_tracks"], again.json["options"]["audio_track"]) == (tracks, "2")
    assert (await client.get(f"/job/{await client.new_job()}")).json["audio_tracks"] == []


class FirstTrackEngine(StepEngine):
    def _transcribe(self, audio: Path, control: Control, windows: list[Window]) -> Transcript:
        control.measured(0.5, 1)
        return super()._transcribe(audio, control, windows)


async def test_another_track_is_chosen_before_the_job_has_ended(serve: Serve, film: bytes) -> None:
    client = await serve(engine=FirstTrackEngine())
    page = await client.socket("/ws/queue")
    job_id = (await client.submit(film, filename="film.mkv")).json["job_id"]
    used = (await page.until("job"))["data"]["audio_track_used"]
    while used is None:
        used = (await page.until("job"))["data"]["audio_track_used"]
    assert used == 1
    first = (await client.get(f"/job/{job_id}/waveform")).json
    await client.fetch("DELETE", f"/job/{job_id}")
    retried = await client.fetch("POST", f"/job/{job_id}/retry", body=b'{"audio_track": "2"}')
    assert (retried.json["audio_track_used"], retried.json["options"]["audio_track"]) == (None, "2")
    assert (await client.get(f"/job/{job_id}/waveform")).json != first  # it is of the other track
