"""localwhisper.client against a server process."""

import asyncio
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web
import tornado.websocket

from localwhisper import paths
from localwhisper.client import AsyncClient, Client, Progress, ServerError, Transcription, asynchronous
from tests.conftest import Serve
from tests.process.server import Server
from tests.speech import CLIP, is_text_of
from tests.step_engine import StepEngine
from tools import client_options


def test_the_keywords_are_those_of_the_option_table() -> None:
    assert client_options.TARGET.read_text(encoding="utf-8") == client_options.source(), (
        "python -m tools.client_options"
    )


def test_transcribe_reports_progress_on_the_calling_thread(server: Server) -> None:
    seen: list[Progress] = []
    threads = set()

    def on_progress(progress: Progress) -> None:
        seen.append(progress)
        threads.add(threading.get_ident())

    with Client(server.url) as client:
        result = client.transcribe(CLIP, on_progress=on_progress, word_timestamps=True)
        subtitles = client.export(result.job_id, "srt", max_words_per_line=1).decode()
        standard = client.export(result.job_id, "srt", subtitles="standard").decode()
        narrow = client.export(result.job_id, "srt", subtitles="standard", max_line_width=12).decode()
        assert "demo" in [model["name"] for model in client.models()]
        assert (result.model, result.model_reason) == ("demo", "the default model")
        client.remove(result.job_id)
        with pytest.raises(ServerError, match="no job") as gone:
            client.job(result.job_id)
    assert is_text_of(CLIP, result.text)
    assert [progress.segment for progress in seen if progress.segment] == list(result.segments)
    percents = [progress.percent for progress in seen]
    assert percents == sorted(percents)
    assert threads == {threading.get_ident()}
    assert subtitles.count("-->") == len([word for segment in result.segments for word in segment.words or ()])
    (times_and_text,) = standard.split("\n\n")[:-1]
    assert is_text_of(CLIP, " ".join(times_and_text.splitlines()[2:]))
    assert max(map(len, times_and_text.splitlines()[2:])) > 12
    texts = [line for block in narrow.split("\n\n") for line in block.splitlines()[2:]]
    assert max(map(len, texts)) <= 12
    assert is_text_of(CLIP, " ".join(texts))
    assert (gone.value.code, gone.value.status) == ("job_not_found", 404)


def test_errors_have_the_code_of_the_server(server: Server, tmp_path: Path) -> None:
    noise = tmp_path / 'a "noise".wav'
    noise.write_bytes(b"no audio")
    with Client(server.url) as client:
        with pytest.raises(ServerError) as unreadable:
            client.transcribe(noise)
        with pytest.raises(ServerError) as unknown:
            client.transcribe(CLIP, model="gpt-9")
    assert (unreadable.value.code, unknown.value.code) == ("audio_unreadable", "invalid_option")
    with Client("http://127.0.0.1:9") as nobody, pytest.raises(ServerError, match="can't be reached") as nowhere:
        nobody.health()
    assert nowhere.value.code == "unreachable"


def test_cancelling_transcribe_cancels_the_job(server: Server, long_speech: Path) -> None:
    async def use() -> tuple[str, str]:
        client = AsyncClient(server.url)
        seen: list[str] = []
        long = asyncio.ensure_future(client.transcribe(long_speech, on_progress=lambda p: seen.append(p.job_id)))
        while not seen and not long.done():
            await asyncio.sleep(0.02)
        long.cancel()
        await asyncio.wait([long])
        text = (await client.transcribe(CLIP)).text
        client.close()
        return seen[0], text

    job_id, text = asyncio.run(use())
    assert is_text_of(CLIP, text)
    assert server.job_when(job_id, "cancelled", "completed")["status"] == "cancelled"


def test_the_client_reconnects_when_the_server_restarts(server: Server) -> None:
    restarted = False

    def restart(progress: Progress) -> None:
        nonlocal restarted
        if not restarted:
            restarted = True
            server.kill()
            server.start()

    with Client(server.url) as client:
        result = client.transcribe(CLIP, on_progress=restart)
    assert restarted
    assert is_text_of(CLIP, result.text)


@pytest.mark.gen_test
async def test_a_result_longer_than_any_message_is_read_over_http(
    serve: Serve, engine: StepEngine, tmp_path: Path
) -> None:
    engine.release()
    server = await serve()
    job_id = await server.new_job()
    await server.job_when(job_id, "completed")
    await server.close()
    (file,) = (paths.jobs(tmp_path / "data") / job_id).glob("transcript.json")
    text = "word " * 2_200_000  # longer than tornado's own limit of a message, too
    file.write_bytes(file.read_bytes().replace(b" part 1", f" {text}".encode()))
    server = await serve()
    client = AsyncClient(f"http://{server.host}")
    *_, result = [step async for step in client.follow(job_id)]
    client.close()
    assert isinstance(result, Transcription)
    assert result.segments[1].text == f" {text}"


class JobHandler(tornado.web.RequestHandler):
    def get(self) -> None:
        self.write({"status": "processing", "progress": 5.0, "message": ""})


class ClosingSocket(tornado.websocket.WebSocketHandler):
    """Says where the job is, and closes."""

    n_opened = 0

    async def open(self, *args: str, **kwargs: str) -> None:
        ClosingSocket.n_opened += 1
        status = {"type": "status", "data": {"status": "processing", "progress": 5.0, "message": ""}}
        await self.write_message(status)
        self.close()


@pytest.mark.gen_test
async def test_the_client_gives_up_on_a_job_that_makes_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asynchronous, "FIRST_DELAY_S", 0.001)
    app = tornado.web.Application([(r"/job/1", JobHandler), (r"/ws/transcription/1", ClosingSocket)])
    (listening,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    http_server = tornado.httpserver.HTTPServer(app)
    http_server.add_sockets([listening])
    client = AsyncClient(f"http://127.0.0.1:{listening.getsockname()[1]}")
    steps = client.follow("1")
    first = await anext(steps)
    with pytest.raises(ServerError, match="no longer answers"):  # and says nothing twice
        await anext(steps)
    client.close()
    http_server.stop()
    assert isinstance(first, Progress)
    assert first.percent == 5.0
    assert ClosingSocket.n_opened == asynchronous.MAX_RECONNECTS + 1


class SlowSocket(tornado.websocket.WebSocketHandler):
    """Answers late that it is open."""

    is_asked, answers, is_closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def prepare(self) -> None:
        self.is_asked.set()
        await self.answers.wait()

    def on_close(self) -> None:
        self.is_closed.set()


@pytest.mark.gen_test
async def test_a_connection_is_closed_that_opens_after_the_client_is_cancelled() -> None:
    app = tornado.web.Application([(r"/ws/transcription/1", SlowSocket)])
    (listening,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    http_server = tornado.httpserver.HTTPServer(app)
    http_server.add_sockets([listening])
    client = AsyncClient(f"http://127.0.0.1:{listening.getsockname()[1]}")
    step = asyncio.ensure_future(anext(client.follow("1")))
    await SlowSocket.is_asked.wait()
    step.cancel()
    await asyncio.wait([step])
    SlowSocket.answers.set()
    await SlowSocket.is_closed.wait()
    client.close()
    http_server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are always Unicode")
def test_a_file_whose_name_is_not_utf_8_is_transcribed(server: Server, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.opus")
    shutil.copy(CLIP, path)
    with Client(server.url) as client:
        job_id = client.submit(path)
        assert client.job(job_id)["filename"] == "café.opus"
        client.remove(job_id)
        with pytest.raises(ServerError, match="UTF-8") as refused:
            client.submit(CLIP, initial_prompt="a\ud800")
    assert refused.value.code == "invalid_body"
