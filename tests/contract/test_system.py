"""Queue figures, health, models, samples, page, OpenAPI."""

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from localwhisper import __version__
from localwhisper.options import OPTIONS
from localwhisper.server.routes import ROUTES
from tests.conftest import Serve
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test


async def test_queue_info_has_the_documented_figures(serve: Serve) -> None:
    client = await serve(max_concurrent_jobs=1)
    for _ in range(3):
        await client.new_job()
    assert (await client.get("/queue/info")).json == {
        "queue": {
            "queue_size": 2,
            "active_jobs": 1,
            "total_jobs": 3,
            "max_concurrent_jobs": 1,
            "is_running": True,
        },
        "websockets": {"total_connections": 0, "jobs_with_connections": 0, "active_jobs": []},
    }


async def test_restarting_the_queue_loses_no_job(serve: Serve, engine: StepEngine) -> None:
    client = await serve(max_concurrent_jobs=1)
    ids = [await client.new_job() for _ in range(3)]
    answer = await client.fetch("POST", "/queue/restart", body=b"")
    assert answer.json["queue"]["is_running"] is True
    engine.release()
    for job_id in ids:
        assert (await client.job_when(job_id, "completed"))["result"]["text"] == " part 0 part 1 part 2"


async def test_health_is_ok_with_the_version(serve: Serve) -> None:
    client = await serve()
    answer = await client.get("/health")
    assert answer.status == 200
    assert (answer.json["status"], answer.json["version"]) == ("ok", __version__)


async def test_models_are_listed_with_languages(serve: Serve) -> None:
    client = await serve()
    body = (await client.get("/models")).json
    models = {model["name"]: model for model in body["models"]}
    assert body["default"] == "demo"
    assert {"demo", "tiny", "base", "small", "medium", "large-v3", "turbo"} <= set(models)
    demo = models["demo"]
    assert (demo["available"], demo["bundled"], demo["translates"]) == (True, True, False)
    assert "fifty everyday words" in demo["description"]
    assert models["medium"]["available"] is False
    assert models["medium"]["size_bytes"] > 1e9
    assert {"code": "es", "name": "spanish"} in body["languages"]


async def test_the_bundled_model_cannot_be_removed(serve: Serve) -> None:
    client = await serve()
    answer = await client.fetch("DELETE", "/models/demo")
    assert (answer.status, answer.code) == (409, "model_bundled")
    assert (await client.fetch("DELETE", "/models/nothing")).code == "model_not_found"
    assert (await client.fetch("POST", "/models/nothing/download", body=b"")).code == "model_not_found"


async def test_a_failed_download_is_reported_on_the_queue_socket(serve: Serve) -> None:
    client = await serve(model_mirror="http://127.0.0.1:9/")
    socket = await client.socket("/ws/queue")
    await socket.until("snapshot")
    answer = await client.fetch("POST", "/models/tiny/download", body=b"")
    assert answer.status == 202
    while "error" not in (message := (await socket.until("model"))["data"]):
        assert message["name"] == "tiny"
    assert message["error"]["code"] == "model_download_failed"
    assert message["download"] is None


async def test_samples_are_listed_and_served(serve: Serve) -> None:
    client = await serve()
    samples = (await client.get("/samples?lang=es")).json["samples"]
    assert {sample["language"] for sample in samples} == {"en", "es"}
    for sample in samples:
        audio = await client.get(f"/{sample['url']}")
        assert (audio.status, audio.body[:4]) == (200, b"OggS")
        assert audio.headers["Content-Type"] == "audio/ogg"


async def test_the_page_is_served(serve: Serve) -> None:
    client = await serve()
    page = await client.get("/")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Cache-Control"] == "no-cache"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    script = await client.get("/js/main.js")
    assert script.headers["Content-Type"].startswith("text/javascript")


async def test_docs_list_every_route(serve: Serve) -> None:
    client = await serve()
    page = (await client.get("/docs")).body.decode()
    for route in ROUTES:
        for method in route.operations:
            assert f"{method.upper()} {route.path}" in page


def _resolved(schema: Any, document: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": document["components"]}


async def test_answers_match_openapi(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()
    document = (await client.get("/openapi.json")).json
    assert set(document["paths"]) == {route.path for route in ROUTES}
    submitted = await client.submit()
    job_id = submitted.json["job_id"]
    await client.job_when(job_id, "completed")
    answers = {("/transcribe-job", "post"): submitted}
    for path in ("/jobs", "/job/{job_id}", "/queue/info", "/models", "/samples", "/health"):
        answers[path, "get"] = await client.get(path.replace("{job_id}", job_id))
    for (path, method), answer in answers.items():
        content = document["paths"][path][method]["responses"]["200"]["content"]
        schema = content["application/json"]["schema"]
        jsonschema.Draft202012Validator(_resolved(schema, document)).validate(answer.json)
    error = await client.get("/nothing")
    jsonschema.Draft202012Validator(_resolved({"$ref": "#/components/schemas/Error"}, document)).validate(error.json)


async def test_every_schema_reference_resolves(serve: Serve) -> None:
    client = await serve()
    text = (await client.get("/openapi.json")).body.decode()
    document = json.loads(text)
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.split('"')[0] in document["components"]["schemas"]


def test_every_documented_method_is_implemented() -> None:
    for route in ROUTES:
        for method in route.operations:
            assert callable(getattr(route.handler, method)), route.path


async def test_a_cancelled_download_is_continued_by_the_next(serve: Serve, tmp_path: Path) -> None:
    """With a mirror that sends slowly and never finishes."""
    ranges: list[str | None] = []

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        ranges.append(next((line for line in head.split("\r\n") if line.startswith("Range")), None))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 300000000\r\n\r\n" + b"x" * 600_000)
        try:
            while True:
                writer.write(b"x" * 300_000)
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:  # also where the test's end cancels it
            writer.transport.abort()

    mirror = await asyncio.start_server(trickle, "127.0.0.1", 0)
    port = mirror.sockets[0].getsockname()[1]
    client = await serve(model_mirror=f"http://127.0.0.1:{port}")
    socket = await client.socket("/ws/queue")
    await socket.until("snapshot")
    assert (await client.fetch("POST", "/models/tiny/download", body=b"")).status == 202
    while not (((await socket.until("model"))["data"]["download"] or {}).get("received_bytes")):
        pass
    stopped = await client.fetch("DELETE", "/models/tiny/download")
    assert (stopped.status, stopped.json["download"], stopped.json["available"]) == (200, None, False)
    assert list((tmp_path / "models").glob("*.partial"))
    await client.fetch("POST", "/models/tiny/download", body=b"")
    while len(ranges) < 2:
        await asyncio.sleep(0.02)
    assert ranges[0] is None
    assert (ranges[1] or "").startswith("Range: bytes=")
    await client.fetch("DELETE", "/models/tiny/download")
    mirror.close()


async def test_options_are_listed_with_their_texts(serve: Serve) -> None:
    client = await serve(quality="fast")
    rows = {row["name"]: row for row in (await client.get("/options")).json["options"]}
    assert list(rows) == list(OPTIONS)
    assert rows["task"]["choices"] == [
        {"value": "transcribe", "label": "Text in the spoken language"},
        {"value": "translate", "label": "Translation into English"},
    ]
    assert (rows["beam_size"]["minimum"], rows["beam_size"]["maximum"]) == (1, 64)
    assert (rows["model"]["default"], rows["language"]["default"], rows["quality"]["default"]) == (
        "demo",
        "auto",
        "fast",
    )
    assert rows["word_timestamps"]["needs"] == "return_timestamps"
    assert not rows["priority"]["page"]
    spanish = (await client.get("/options?lang=es")).json["options"]
    assert [row["label"] for row in spanish][:2] == ["Modelo", "Idioma hablado"]


async def test_every_listed_choice_is_accepted(serve: Serve) -> None:
    client = await serve()
    for row in (await client.get("/options")).json["options"]:
        for choice in row.get("choices", []):
            answer = await client.submit(fields={row["name"]: choice["value"]})
            assert answer.status == 200 or answer.code == "model_cannot_translate"


async def test_audio_left_by_a_power_cut_is_removed_at_the_start(serve: Serve, tmp_path: Path) -> None:
    spool = tmp_path / "data" / "spool"
    spool.mkdir(parents=True)
    (spool / "pcm-1234").write_bytes(bytes(1000))
    await serve()
    assert list(spool.iterdir()) == []
