"""OpenAI's API against the real process, with OpenAI's SDKs."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pysubs2
import pytest

from localwhisper.client.multipart_form import multipart_form
from tests.conftest import Serve
from tests.http_client import Answer, wav
from tests.process.server import Server
from tests.speech import CLIP, SPANISH_CLIP, is_text_of
from tests.step_engine import StepEngine

BROWSER = Path(__file__).parent.parent / "browser"  # where the tests' npm packages are


@pytest.fixture(scope="module")
def sdk(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_json_is_the_default(sdk: openai.OpenAI) -> None:
    answer = sdk.audio.transcriptions.create(file=CLIP, model="whisper-1")
    assert is_text_of(CLIP, answer.text)
    assert answer.text == answer.text.strip()


def test_text_format(sdk: openai.OpenAI) -> None:
    answer = sdk.audio.transcriptions.create(file=SPANISH_CLIP, model="demo", language="es", response_format="text")
    assert is_text_of(SPANISH_CLIP, str(answer))


@pytest.mark.parametrize("format_", ["srt", "vtt"])
def test_subtitle_formats(sdk: openai.OpenAI, format_: Any) -> None:
    answer = sdk.audio.transcriptions.create(file=CLIP, model="whisper-1", response_format=format_)
    cues = pysubs2.SSAFile.from_string(str(answer), format_)
    assert is_text_of(CLIP, " ".join(cue.plaintext for cue in cues))


def test_verbose_json_has_words(sdk: openai.OpenAI) -> None:
    answer = sdk.audio.transcriptions.create(
        file=CLIP,
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        prompt="greetings",
        temperature=0,
    )
    assert (answer.language, answer.model_extra) == ("english", {"task": "transcribe"})
    assert float(answer.duration) == pytest.approx(4.59, abs=0.1)
    assert answer.segments is not None
    assert answer.words is not None
    assert is_text_of(CLIP, "".join(segment.text for segment in answer.segments))
    assert is_text_of(CLIP, " ".join(word.word for word in answer.words))
    assert all(word.start <= word.end for word in answer.words)
    assert answer.segments[0].tokens


def test_word_granularity_alone_omits_segments(sdk: openai.OpenAI) -> None:
    answer = sdk.audio.transcriptions.create(
        file=CLIP, model="whisper-1", response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert answer.segments is None
    assert answer.words


def test_streaming_sends_deltas(sdk: openai.OpenAI) -> None:
    events = list(sdk.audio.transcriptions.create(file=CLIP, model="whisper-1", stream=True))
    assert [event.type for event in events] == ["transcript.text.delta"] * (len(events) - 1) + ["transcript.text.done"]
    assert len(events) >= 2
    done = events[-1]
    assert done.type == "transcript.text.done"
    assert is_text_of(CLIP, done.text)
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta").strip() == done.text


def test_the_npm_package_works(server: Server) -> None:
    process = subprocess.run(
        ["node", "openai_client.mjs", f"{server.url}/v1", str(CLIP)],
        cwd=BROWSER,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    output = json.loads(process.stdout)
    assert is_text_of(CLIP, output["text"])
    assert {event["type"] for event in output["events"]} == {"transcript.text.delta", "transcript.text.done"}
    assert is_text_of(CLIP, output["events"][-1]["text"])
    assert (output["status"], output["param"]) == (400, "language")


def test_the_job_is_in_the_history(sdk: openai.OpenAI, server: Server) -> None:
    sdk.audio.transcriptions.create(file=("named by me.opus", CLIP.read_bytes()), model="whisper-1")
    newest = server.request("GET", "/jobs?limit=1")["jobs"][0]
    assert (newest["filename"], newest["status"], newest["model"]) == ("named by me.opus", "completed", "demo")


def test_models_are_listed(sdk: openai.OpenAI) -> None:
    ids = [model.id for model in sdk.models.list()]
    assert ids == ["whisper-1", "demo"]
    assert sdk.models.retrieve("demo").object == "model"
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve("gpt-4o")


def test_errors_have_openai_s_shape(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        sdk.audio.transcriptions.create(file=CLIP, model="gpt-9")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as language:
        sdk.audio.transcriptions.create(file=CLIP, model="whisper-1", language="klingon")
    assert (language.value.param, language.value.type) == ("language", "invalid_request_error")
    with pytest.raises(openai.BadRequestError) as noise:
        sdk.audio.transcriptions.create(file=("a.wav", b"no audio"), model="whisper-1")
    assert noise.value.code == "audio_unreadable"
    with pytest.raises(openai.BadRequestError) as translation, pytest.warns(DeprecationWarning, match="deprecated"):
        sdk.audio.translations.create(file=CLIP, model="demo")
    assert translation.value.code == "model_cannot_translate"
    with pytest.raises(openai.BadRequestError) as streamed:
        list(sdk.audio.transcriptions.create(file=("a.wav", b"no audio"), model="whisper-1", stream=True))
    assert streamed.value.code == "audio_unreadable"


@pytest.mark.parametrize("stream", ["false", "true"])
def test_disconnecting_cancels_the_job(server: Server, long_speech: Path, stream: str) -> None:
    command = ["curl", "-s", "-F", f"file=@{long_speech}", "-F", "model=whisper-1", "-F", f"stream={stream}"]
    client = subprocess.Popen([*command, f"{server.url}/v1/audio/transcriptions"], stdout=subprocess.DEVNULL)
    try:
        job = server.newest_job_when("processing", long_speech.name)
    finally:
        client.kill()
        client.wait()
    assert server.job_when(job["job_id"], "cancelled", "completed", "failed")["status"] == "cancelled"


@pytest.mark.gen_test
async def test_the_api_key_is_the_token(serve: Serve) -> None:
    server = await serve(token="secret")
    async with openai.AsyncOpenAI(base_url=f"http://{server.host}/v1", api_key="secret", max_retries=0) as client:
        assert (await client.models.list()).data
        with pytest.raises(openai.AuthenticationError) as wrong:
            await client.with_options(api_key="wrong").models.list()
    assert wrong.value.code == "invalid_api_key"


@pytest.mark.gen_test
async def test_what_other_servers_take(serve: Serve, engine: StepEngine) -> None:
    engine.release()
    client = await serve()

    async def post(**fields: str) -> Answer:
        body, content_type = multipart_form(wav(), "a.wav", fields)
        return await client.fetch("POST", "/v1/audio/transcriptions", body=body, Content_Type=content_type)

    for fields in (
        {"model": "gpt-4o-transcribe-diarize", "language": "pt-BR"},
        {"model": "", "prompt": "Fellow Americans. " * 3000},  # 54 kB
        {"chunking_strategy": "auto", "vad_filter": "true", "hotwords": "Ada", "beam_size": "3"},
    ):
        answer = await post(**fields)
        assert answer.status == 200, answer.body
        assert "X-Ignored-Fields" not in answer.headers
    (job, *_) = (await client.get("/jobs")).json["jobs"]
    assert (job["options"]["vad_filter"], job["options"]["hotwords"], job["options"]["beam_size"]) == (True, "Ada", 3)
    ignored = await post(**{"include[]": "logprobs", "chunking_strategy": '{"type": "server_vad"}', "odd": "1"})
    assert (ignored.status, ignored.headers["X-Ignored-Fields"]) == (200, "chunking_strategy, include[], odd")
    assert (await post(prompt="x" * 70_000)).status == 400
    container = await client.get("/health", Host="host.docker.internal:9000")
    assert container.status == 200


def test_a_diarized_transcript_is_what_the_sdk_reads(sdk: openai.OpenAI) -> None:
    arguments: dict[str, Any] = {"file": CLIP, "model": "whisper-1", "response_format": "diarized_json"}
    diarized = sdk.audio.transcriptions.create(**arguments, chunking_strategy="auto")
    assert {segment.speaker for segment in diarized.segments} == {"A"}
    assert (diarized.task, diarized.segments[0].type) == ("transcribe", "transcript.text.segment")
    assert " ".join(segment.text for segment in diarized.segments) == diarized.text
    events = list(sdk.audio.transcriptions.create(**arguments, stream=True))
    speakers = [event.speaker for event in events if event.type == "transcript.text.segment"]
    assert speakers == ["A"] * len(diarized.segments)
    assert events[-1].type == "transcript.text.done"
