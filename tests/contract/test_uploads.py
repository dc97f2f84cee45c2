"""Unusual uploads over a plain socket: malformed, oversized, slow, interrupted."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from localwhisper import app
from localwhisper.audio.probe import AudioInfo, probe
from localwhisper.server import uploads
from localwhisper.server.routes import ROUTES
from tests.conftest import Serve
from tests.contract.shape import check_body
from tests.http_client import TIMEOUT_S, Client, wav
from tests.step_engine import StepEngine

pytestmark = pytest.mark.gen_test
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
END = b"\r\n--b--\r\n"
WHOLE = PART + wav() + END
UPLOAD_PATHS = [route.path for route in ROUTES if any(operation.form_schema for operation in route.operations.values())]
# the step engine's model doesn't translate, which is found before the file is probed
PROBED_PATHS = [path for path in UPLOAD_PATHS if path not in ("/models/import", "/v1/audio/translations")]
CHUNKED = "Transfer-Encoding: chunked\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class UploadConnection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def begin(self, *lines: str, path: str = "/transcribe-job") -> None:
        head = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: multipart/form-data; boundary=b"]
        await self.send(("\r\n".join([*head, *(line.strip() for line in lines)]) + "\r\n\r\n").encode())

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, str]:
        """Status and the error's code."""
        status, body = await self.error()
        return status, body.get("error", {}).get("code", "")

    async def error(self) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), TIMEOUT_S)).decode()
        status = int(head.split()[1])
        lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length")]
        return status, json.loads(await self.reader.readexactly(int(lengths[0]))) if lengths and int(lengths[0]) else {}


@asynccontextmanager
async def connection(client: Client) -> AsyncIterator[UploadConnection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(client.host.split(":")[1]))
    try:
        yield UploadConnection(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def no_files_left(folder: Path) -> None:
    while list((folder / "incoming").iterdir()):
        await asyncio.sleep(0.02)
    assert list((folder / "jobs").iterdir()) == []


async def no_requests_left() -> None:
    """Wait until no handler awaits anything."""
    for _ in range(500):
        coroutines = (task.get_coro() for task in asyncio.all_tasks())
        if not any(getattr(each, "__qualname__", "") == "RequestHandler._execute" for each in coroutines):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("a request whose client has gone is still being handled")


@pytest.mark.parametrize("length", ["abc", "-5", "1e9", "1_000", "0x10", "", "9" * 30, "5, 6", "\u0661"])
async def test_malformed_content_lengths_are_refused(serve: Serve, tmp_path: Path, length: str) -> None:
    client = await serve()
    async with connection(client) as upload:
        await upload.begin(f"Content-Length: {length}")
        await upload.send(WHOLE)
        assert (await upload.answer())[0] in (400, 413)
    await no_files_left(tmp_path / "data")
    assert (await client.get("/health")).status == 200


async def test_an_oversized_content_length_is_refused_before_the_body(serve: Serve, tmp_path: Path) -> None:
    client = await serve(max_upload_bytes=1000)
    async with connection(client) as upload:
        await upload.begin("Content-Length: 5000000000")
        assert await upload.answer() == (413, "upload_too_large")
        await upload.send(b"x" * 3_000_000)  # already in transit; must not reset the connection
        await asyncio.sleep(0.1)
        await upload.send(b"x")
    await no_files_left(tmp_path / "data")


async def test_an_oversized_chunked_upload_is_refused_as_soon_as_it_exceeds_the_limit(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LINGER_S", 0.2)
    client = await serve(max_upload_bytes=1000)
    async with connection(client) as upload:
        await upload.begin(CHUNKED)
        await upload.send(chunk(PART + b"x" * 2000))
        await upload.send(chunk(b"x" * 2000))  # in transit; must not reset the connection
        assert await upload.answer() == (413, "upload_too_large")
        assert await asyncio.wait_for(upload.reader.read(), TIMEOUT_S) == b""  # then the connection is closed
    await no_files_left(tmp_path / "data")


@pytest.mark.parametrize("path", UPLOAD_PATHS)
@pytest.mark.parametrize("is_announced", [True, False], ids=["by its length", "as it arrives"])
async def test_an_oversized_upload_is_refused_in_the_error_shape_of_its_route(
    serve: Serve, tmp_path: Path, path: str, is_announced: bool
) -> None:
    route = next(route for route in ROUTES if route.path == path)
    field = "audio_file" if path in ("/asr", "/detect-language") else "file"
    client = await serve(max_upload_bytes=1000)
    async with connection(client) as upload:
        await upload.begin("Content-Length: 5000000000" if is_announced else CHUNKED, path=path)
        if not is_announced:
            await upload.send(chunk(PART.replace(b'"file"', f'"{field}"'.encode()) + b"x" * 2000))
        status, error = await upload.error()
        assert status == 413
        check_body(error, route)
    await no_files_left(tmp_path / "data")


@pytest.mark.parametrize("path", PROBED_PATHS)
async def test_files_are_probed_on_the_probe_threads(
    serve: Serve, engine: StepEngine, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A hostile file may take long to probe; the threads that receive uploads must stay free."""
    threads: list[str] = []

    def probe_recorded(*args: Any, **limits: Any) -> AudioInfo:
        threads.append(threading.current_thread().name)
        return probe(*args, **limits)

    monkeypatch.setattr(app, "probe", probe_recorded)
    engine.release()
    client = await serve()
    field = "audio_file" if path in ("/asr", "/detect-language") else "file"
    body = PART.replace(b'"file"', f'"{field}"'.encode()) + wav() + END
    answer = await client.fetch("POST", path, body=body, Content_Type="multipart/form-data; boundary=b")
    assert threads, answer.body
    assert all(name.startswith("probe") for name in threads), threads


async def test_chunked_uploads_are_accepted(serve: Serve) -> None:
    client = await serve()
    async with connection(client) as upload:
        await upload.begin(CHUNKED)
        for at in range(0, len(WHOLE), 1000):
            await upload.send(chunk(WHOLE[at : at + 1000]))
        await upload.send(b"0\r\n\r\n")
        assert (await upload.answer())[0] == 200


@pytest.mark.parametrize("sent", [0, 10, len(PART), len(PART) + 20_000, len(WHOLE) - 3])
@pytest.mark.parametrize("how", [f"Content-Length: {len(WHOLE)}", CHUNKED])
async def test_an_interrupted_upload_leaves_nothing(serve: Serve, tmp_path: Path, sent: int, how: str) -> None:
    client = await serve()
    async with connection(client) as upload:
        await upload.begin(how)
        await upload.send(chunk(WHOLE[:sent]) if how == CHUNKED and sent else WHOLE[:sent])
        await asyncio.sleep(0.03)
    await no_files_left(tmp_path / "data")
    await no_requests_left()


async def test_a_content_length_shorter_than_the_form_is_refused(serve: Serve, tmp_path: Path) -> None:
    client = await serve()
    async with connection(client) as upload:
        await upload.begin(f"Content-Length: {len(WHOLE) - 100}")
        await upload.send(WHOLE)
        assert await upload.answer() == (400, "invalid_body")
    await no_files_left(tmp_path / "data")


async def test_a_stalled_upload_is_disconnected(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "STALL_TIMEOUT_S", 0.3)
    client = await serve()
    async with connection(client) as upload:
        await upload.begin(f"Content-Length: {len(WHOLE)}")
        await upload.send(WHOLE[:500])
        assert await asyncio.wait_for(upload.reader.read(), TIMEOUT_S) == b""
    await no_files_left(tmp_path / "data")
    await no_requests_left()


async def test_a_slow_upload_does_not_delay_others(serve: Serve) -> None:
    client = await serve()
    async with connection(client) as slow:
        await slow.begin(f"Content-Length: {len(WHOLE)}")
        for byte in WHOLE[:200]:
            await slow.send(bytes([byte]))
        assert (await client.submit()).status == 200
        await slow.send(WHOLE[200:])
        assert (await slow.answer())[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"".join(b'--b\r\nContent-Disposition: form-data; name="x%d"\r\n\r\ny\r\n' % n for n in range(10_000)) + END,
        PART.replace(b"\r\n\r\n", b"\r\n" + b"A: b\r\n" * 100_000 + b"\r\n") + wav() + END,
        PART[:-4] + b"\r\nA: " + b"x" * 100_000 + b"\r\n\r\n" + wav() + END,
        PART.replace(b'name="file"', b'name="fi\xffle"') + wav() + END,
        b"--b\r\n\r\nx" + END,
        b"--b" * 50_000,
        b"\r\n" * 50_000 + WHOLE,
        WHOLE + b"and more" * 1000,
    ],
    ids=["parts", "headers", "long header", "not utf-8", "no headers", "dashes", "blank lines", "epilogue"],
)
async def test_pathological_forms_are_refused_or_accepted(serve: Serve, body: bytes) -> None:
    client = await serve()
    kind = "multipart/form-data; boundary=b"
    answer = await client.fetch("POST", "/transcribe-job", body=body, Content_Type=kind)
    assert answer.status == 200 or answer.code in ("invalid_body", "unknown_option", "missing_file")
    assert answer.status in (200, 400)


async def test_too_many_parts_are_refused_where_unknown_fields_are_accepted(serve: Serve) -> None:
    client = await serve()
    body = b"".join(b'--b\r\nContent-Disposition: form-data; name="x%d"\r\n\r\ny\r\n' % n for n in range(10_000)) + END
    kind = "multipart/form-data; boundary=b"
    answer = await client.fetch("POST", "/v1/audio/transcriptions", body=body, Content_Type=kind)
    assert (answer.status, answer.code) == (400, "invalid_body")


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=" + "b" * 5000,
        'multipart/form-data; boundary="',
        "multipart/form-data; boundary=\u00e9",
        "multipart/mixed; boundary=b",
        ";;;",
    ],
)
async def test_invalid_content_types_are_refused(serve: Serve, kind: str) -> None:
    client = await serve()
    answer = await client.fetch("POST", "/transcribe-job", body=WHOLE, Content_Type=kind)
    assert (answer.status, answer.code) == (400, "invalid_body")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("..", "audio"),
        ("-rf.wav", "-rf.wav"),
        ("a\nb\r.wav", "ab.wav"),
        ("n" * 300 + ".wav", "n" * 251 + ".wav"),
        ("x\x00.wav", "x.wav"),
        ("\u202egpj.wav", "gpj.wav"),
        ("CON.wav", "CON.wav"),
        ("日本語 ñ.wav", "日本語 ñ.wav"),
        ("/etc/passwd", "passwd"),
        ("a/../b", "b"),
        (".wav", ".wav"),
    ],
)
async def test_pathological_file_names_are_cleaned(serve: Serve, tmp_path: Path, sent: str, shown: str) -> None:
    client = await serve()
    answer = await client.submit(filename=sent)
    assert answer.status == 200, answer.body
    job = (await client.get(answer.headers["Location"])).json
    assert job["filename"] == shown
    files = (tmp_path / "data" / "jobs" / job["job_id"]).iterdir()
    names = {path.name for path in files if path.suffix != ".tmp"}  # one that is just being written
    assert names <= {"job.json", "segments.jsonl", "audio", "audio.wav"}
