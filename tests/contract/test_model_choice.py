"""The model of a job: the one it names, or one that is chosen and named in every answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from localwhisper.commands import backends
from localwhisper.engine.base import Control
from localwhisper.errors import ModelDownloadFailed, NoModel
from localwhisper.jobs.suspicion import Footprint
from localwhisper.jobs.transcript import Detection, Transcript, Window
from localwhisper.options import Layout, Options
from localwhisper.settings import load
from tests.conftest import Serve
from tests.http_client import Answer, Client, wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
COMMAND = "localwhisper models download base"


class OfflineEngine(StepEngine):
    """Has the models whose files are in a folder, and can fetch no others."""

    def __init__(self, model_dir: Path) -> None:
        super().__init__()
        self.release()
        self.model_dir = model_dir
        self.used: list[str] = []

    def prepare(self) -> None:
        """It is ready at once."""

    def _need(self, model: str) -> None:
        if model != "demo" and not (self.model_dir / f"{model}.pt").exists():
            raise ModelDownloadFailed(model=model, reason="the host is away")
        self.used.append(model)

    def transcribe(
        self,
        audio: Path,
        options: Options,
        control: Control,
        *,
        done: Sequence[Window] = (),
        footprint: Footprint = Footprint.USUAL,
    ) -> Transcript:
        self._need(options.model)
        return super().transcribe(audio, options, control, done=done, footprint=footprint)

    def detect_language(self, audio: Path, model: str, control: Control) -> Detection:
        self._need(model)
        return super().detect_language(audio, model, control)


@pytest.fixture
def offline(tmp_path: Path) -> OfflineEngine:
    (tmp_path / "models").mkdir()
    return OfflineEngine(tmp_path / "models")


def add_model(engine: OfflineEngine, name: str) -> None:
    (engine.model_dir / f"{name}.pt").write_bytes(b"a checkpoint")


async def ended(client: Client, answer: Answer) -> dict[str, Any]:
    return await client.job_when(answer.json["job_id"], "completed", "failed")


async def test_a_job_that_names_a_model_gets_that_one_or_an_error(serve: Serve, offline: OfflineEngine) -> None:
    add_model(offline, "base")
    client = await serve(engine=offline, default_model="medium")
    failed = await ended(client, await client.submit(fields={"model": "small"}))
    assert (failed["status"], failed["error"]["code"], failed["model"]) == ("failed", "model_download_failed", "small")
    answer = await client.submit(fields={"model": "demo"})
    assert (answer.json["model"], answer.json["model_reason"]["code"]) == ("demo", "model_named")
    assert (await ended(client, answer))["status"] == "completed"
    assert offline.used == ["demo"]


async def test_without_the_default_model_a_job_gets_the_best_one_here(serve: Serve, offline: OfflineEngine) -> None:
    add_model(offline, "tiny")
    add_model(offline, "base")
    client = await serve(engine=offline, default_model="medium")
    assert (await client.get("/models")).json["choice"]["model"] == "medium"
    first = await client.submit()
    assert (first.json["model"], first.json["model_reason"]["code"]) == ("medium", "model_default")
    socket = await client.socket(f"/ws/transcription/{first.json['job_id']}")
    final = (await socket.until("completed"))["data"]
    job = await ended(client, first)
    assert job["model"] == final["model"] == "base"
    assert job["model_reason"] == final["model_reason"]
    assert "medium is not here and could not be downloaded (the host is away)" in job["model_reason"]["message"]
    assert "medium no está aquí" in (await client.get(f"/job/{job['job_id']}?lang=es")).json["model_reason"]["message"]
    second = await client.submit()  # the next jobs don't wait for the host
    assert (second.json["model"], second.json["model_reason"]["code"]) == ("base", "model_best_here")
    assert (await client.get("/models")).json["choice"]["model"] == "base"
    await ended(client, second)
    assert offline.used == ["base", "base"]


async def test_the_bundled_model_is_never_chosen(serve: Serve, offline: OfflineEngine) -> None:
    client = await serve(engine=offline, default_model="medium")
    failed = await ended(client, await client.submit())
    assert (failed["status"], failed["error"]["code"]) == ("failed", "no_model")
    assert failed["error"]["message"].endswith(COMMAND)
    assert offline.used == []
    add_model(offline, "base")
    await client.fetch("POST", f"/job/{failed['job_id']}/retry", body=b'{"model": "medium"}')  # named, so not replaced
    failed = await client.job_when(failed["job_id"], "completed", "failed")
    assert (failed["error"]["code"], failed["model_reason"]["code"]) == ("model_download_failed", "model_named")
    failed = await ended(client, await client.submit())
    await client.fetch("POST", f"/job/{failed['job_id']}/retry", body=b"")
    job = await client.job_when(failed["job_id"], "completed", "failed")
    assert (job["status"], job["model"], offline.used) == ("completed", "base", ["base"])


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/asr", "/inference", "/detect-language"])
async def test_other_products_clients_get_the_same_choice(serve: Serve, offline: OfflineEngine, path: str) -> None:
    from localwhisper.client.multipart_form import multipart_form

    client = await serve(engine=offline, default_model="medium")
    body, content_type = multipart_form(wav(), "clip.wav", {})
    if path in ("/asr", "/detect-language"):
        body = body.replace(b'name="file"', b'name="audio_file"')
    without = await client.fetch("POST", path, body=body, Content_Type=content_type)
    assert (without.status, COMMAND in without.body.decode()) == (503, True)
    add_model(offline, "tiny")
    assert (await client.fetch("POST", path, body=body, Content_Type=content_type)).status == 200
    assert offline.used == ["tiny"]


async def test_a_model_is_listed_once_and_accepted_under_each_of_its_names(
    serve: Serve, offline: OfflineEngine
) -> None:
    client = await serve(engine=offline)
    models = {model["name"]: model for model in (await client.get("/models")).json["models"]}
    assert models["large-v3"]["aliases"] == ["large"]
    assert models["turbo"]["aliases"] == ["large-v3-turbo"]
    assert not {"large", "large-v3-turbo"} & set(models)
    add_model(offline, "large-v3")
    answer = await client.submit(fields={"model": "large"})
    assert (answer.json["model"], answer.json["model_reason"]["code"]) == ("large-v3", "model_named")


async def test_models_say_what_they_are_for(serve: Serve) -> None:
    models = {model["name"]: model for model in (await (await serve()).get("/models")).json["models"]}
    assert {name: model["purpose"] for name, model in models.items() if model["purpose"]} == {
        "base": "quick",
        "small": "balanced",
        "turbo": "best",
        "medium": "best",
    }
    assert [name for name, model in models.items() if model["recommended"]] == ["base"]
    base = models["base"]
    assert [source["name"] for source in base["sources"]] == ["openai", "index"]
    assert base["minutes_per_hour_of_audio"] == pytest.approx(60 * base["real_time_factor"])
    assert next(iter(models)) == "base"
    assert [*models][-1] == "demo"


async def test_a_download_s_source_can_be_chosen(serve: Serve) -> None:
    client = await serve(model_mirror="http://127.0.0.1:9")
    answer = await client.fetch("POST", "/models/base/download?source=floppy", body=b"")
    assert (answer.status, answer.code) == (400, "invalid_option")
    socket = await client.socket("/ws/queue")
    await client.fetch("POST", "/models/small/download?source=index", body=b"")
    while "error" not in (message := (await socket.until("model"))["data"]):
        pass
    assert "the package index doesn't have it" in message["error"]["message"]
    assert "127.0.0.1" not in message["error"]["message"]


def test_the_command_line_chooses_alike(
    offline: OfflineEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(backends, "whisper_engine", lambda *_, **__: offline)
    settings = load({"data_dir": str(tmp_path), "model_dir": str(offline.model_dir)}, {})
    clip = tmp_path / "clip.wav"
    clip.write_bytes(wav())
    backend = backends.LocalBackend(settings, {}, Layout())
    with pytest.raises(NoModel, match=COMMAND):
        backend.transcribe(clip, lambda *_: None)
    add_model(offline, "base")
    result = backends.LocalBackend(settings, {}, Layout()).transcribe(clip, lambda *_: None)
    assert result.model == "base"
    assert "medium is not here" in result.model_reason
    with pytest.raises(ModelDownloadFailed):
        backends.LocalBackend(settings, {"model": "small"}, Layout()).transcribe(clip, lambda *_: None)
    assert offline.used == ["base"]
