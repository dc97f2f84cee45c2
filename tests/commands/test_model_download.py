"""The model that is downloaded before serving, and what the terminal says while there is none."""

import os
import subprocess
from pathlib import Path

import pytest

from localwhisper.commands import model_download
from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.errors import ModelDownloadFailed
from localwhisper.settings import Settings, load
from tests.process.server import ROOT


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "models").mkdir()
    return load({"data_dir": str(tmp_path), "model_dir": str(tmp_path / "models")}, {})


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models that are downloaded, without downloading them."""
    names: list[str] = []

    def download(library: ModelLibrary, name: str) -> None:
        names.append(name)
        raise ModelDownloadFailed(model=name, reason="the host is away")

    monkeypatch.setattr(model_download, "download", download)
    return names


def test_base_is_downloaded_only_where_there_is_no_model(
    settings: Settings, downloads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    model_download.download_first(settings, "auto")
    assert downloads == ["base"]
    assert "the host is away" in capsys.readouterr().err  # and the server starts nevertheless
    (settings.model_dir / "mine.pt").touch()
    model_download.download_first(settings, "auto")
    assert downloads == ["base"]
    model_download.download_first(settings, "small")
    assert downloads == ["base", "small"]
    (settings.model_dir / "small.pt").touch()
    model_download.download_first(settings, "small")
    assert downloads == ["base", "small"]


def test_the_terminal_offers_models_where_there_is_none(settings: Settings) -> None:
    text = model_download.choices(settings)
    lines = text.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["quick", "balanced", "best", "best"]
    assert "localwhisper models download base" in lines[1]
    assert [line for line in lines if "recommended" in line] == [lines[1]]
    (settings.model_dir / "tiny.pt").touch()
    assert model_download.choices(settings) == ""


def test_a_chosen_default_is_a_model(tmp_path: Path) -> None:
    flags = {"data_dir": str(tmp_path), "model_dir": str(tmp_path), "default_model": "demo"}
    assert model_download.choices(load(flags, {})) == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [((), " --fetch-model auto "), (("MODEL=small",), " --fetch-model small "), (("MODEL=",), "localwhisper --test")],
)
def test_make_run_passes_the_model_on(arguments: tuple[str, ...], expected: str) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MODEL")}
    make = ["make", "--dry-run", "--no-print-directory", "run", *arguments]
    assert expected in subprocess.run(make, cwd=ROOT, env=environ, capture_output=True, text=True, check=True).stdout
