"""localwhisper.client against a server process."""

import asyncio
import threading
from pathlib import Path

import pytest

from localwhisper.client import AsyncClient, Client, Progress, ServerError
from tests.process.server import Server
from tests.speech import CLIP, is_text_of
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
