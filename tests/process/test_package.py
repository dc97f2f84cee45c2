"""The built wheel contains and serves the same page and samples as the checkout."""

import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.process.server import Server

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_contains_the_page_the_model_and_the_samples(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for file in (ROOT / "web").rglob("*"):
        if file.is_file():
            assert f"localwhisper/web/{file.relative_to(ROOT / 'web').as_posix()}" in names
    assert "localwhisper/assets/demo.pt.xz" in names
    assert "localwhisper/assets/samples/samples.json" in names
    assert not {name for name in names if name.startswith(("tests/", "tools/"))}


def test_the_wheel_serves_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)  # its dependencies come from this environment
    server = Server(tmp_path / "data", environ={"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}, is_warm=False)
    server.cwd = tmp_path
    server.start()
    try:
        with urllib.request.urlopen(server.url) as answer:
            assert answer.read() == (ROOT / "web" / "index.html").read_bytes()
        samples = server.request("GET", "/samples")["samples"]
        assert len(samples) >= 4
        for sample in samples:
            with urllib.request.urlopen(f"{server.url}/{sample['url']}") as answer:
                assert answer.read(4) == b"OggS"
    finally:
        server.kill()
