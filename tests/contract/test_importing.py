"""POST /models/import."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from whisper.model import ModelDimensions

from localwhisper.client.multipart_form import multipart_form
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine_setup import ASSETS
from tests.conftest import Serve
from tests.engine.model_files import random_blocks, write_ctranslate2, write_ggml
from tests.http_client import Answer, Client
from tools.random_checkpoint import tensors


async def send(client: Client, content: bytes, filename: str, **fields: str) -> Answer:
    body, content_type = multipart_form(content, filename, fields)
    return await client.fetch("POST", "/models/import", body=body, Content_Type=content_type)


@pytest.mark.gen_test
async def test_an_imported_model_is_announced_and_usable(serve: Serve, tmp_path: Path) -> None:
    path = ModelLibrary(tmp_path, data_dir=tmp_path, assets=ASSETS).loadable_path("demo")
    assert path is not None
    client = await serve()
    socket = await client.socket("/ws/queue")
    answer = await send(client, path.read_bytes(), "mi módelo.pt")
    assert answer.status == 201
    assert (answer.json["name"], answer.json["available"]) == ("mi-modelo", True)
    assert (await socket.until("model"))["data"]["name"] == "mi-modelo"
    models = (await client.get("/models")).json["models"]
    assert "mi-modelo" in [model["name"] for model in models if model["available"]]
    assert (await client.submit(fields={"model": "mi-modelo"})).status == 200
    assert list(client.app.settings.data_dir.joinpath("incoming").iterdir()) == []


@pytest.mark.gen_test
async def test_an_invalid_checkpoint_replaces_nothing(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "tiny.pt").write_bytes(b"what was there")
    client = await serve()
    assert (await send(client, b"no checkpoint", "tiny.pt")).code == "published_name"
    refused = await send(client, b"no checkpoint", "tiny.pt", as_published="true")
    assert (refused.status, refused.code) == (400, "checkpoint_unusable")
    assert (tmp_path / "models" / "tiny.pt").read_bytes() == b"what was there"
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny.pt"]
    assert (await send(client, b"", "tiny.pt")).code == "checkpoint_unusable"
    assert (await send(client, b"x", "a.pt", name="../a")).code == "invalid_option"
    assert (await send(client, b"x", "demo.pt")).code == "model_bundled"
    assert (await send(client, b"x", "a.pt", model="b")).code == "unknown_option"


def small_checkpoint() -> dict[str, Any]:
    dims = ModelDimensions(80, 1500, 64, 1, 1, 500, 448, 64, 1, 1)
    return {"dims": vars(dims), "model_state_dict": tensors(dims)}


@pytest.mark.gen_test
async def test_other_programs_models_are_imported_with_their_origin(serve: Serve, tmp_path: Path) -> None:
    client = await serve()
    folder = write_ctranslate2(small_checkpoint(), tmp_path / "faster-whisper")
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as file:
        for path in folder.iterdir():
            file.write(path, f"faster-whisper/{path.name}")
    answer = await send(client, (tmp_path / "own.zip").read_bytes(), "own.zip")
    assert (answer.status, answer.json["name"]) == (201, "own")
    ggml = write_ggml(small_checkpoint(), tmp_path / "q.bin", lambda matrix: (8, random_blocks(8, matrix.numel(), 0)))
    assert (await send(client, ggml.read_bytes(), "ggml-own-q8_0.bin")).json["name"] == "ggml-own-q8_0"
    origins = {model["name"]: model["origin"] for model in (await client.get("/models")).json["models"]}
    nothing = {"source": None, "sha256": None}
    assert origins["own"] == {"format": "ctranslate2", "is_exact": True, **nothing}
    assert origins["ggml-own-q8_0"] == {"format": "ggml", "is_exact": False, **nothing}
    assert origins["demo"] is None
    assert list(client.app.settings.data_dir.joinpath("incoming").iterdir()) == []
