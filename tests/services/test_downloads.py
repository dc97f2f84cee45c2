"""Downloads of models next to their removal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.http_client import Client, Socket

pytestmark = pytest.mark.gen_test


@asynccontextmanager
async def slow_mirror() -> AsyncIterator[str]:
    """The address of a server that sends every checkpoint slowly and never to its end."""

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 75572083\r\n\r\n")
            while True:
                writer.write(b"x" * 300_000)
                await writer.drain()
                await asyncio.sleep(0.02)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:  # also where the test's end cancels it
            writer.transport.abort()

    server = await asyncio.start_server(send, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def start_download(client: Client) -> Socket:
    """Returns a socket that has seen the first bytes."""
    socket = await client.socket("/ws/queue")
    await socket.until("snapshot")
    assert (await client.fetch("POST", "/models/tiny/download", body=b"")).status == 202
    download: dict[str, object] = {}
    while not download.get("received_bytes"):
        download = (await socket.until("model"))["data"]["download"] or {}
    assert download["source"] == "openai"
    return socket


async def test_removing_a_model_cancels_its_download(serve: Serve, tmp_path: Path) -> None:
    async with slow_mirror() as mirror:
        client = await serve(model_mirror=mirror)
        socket = await start_download(client)
        removed = await client.fetch("DELETE", "/models/tiny")
        assert (removed.status, removed.json["available"], removed.json["download"]) == (200, False, None)
        while (message := (await socket.until("model"))["data"])["download"]:
            assert "error" not in message
        assert "error" not in message
        assert list((tmp_path / "models").iterdir()) == []


async def test_a_model_can_be_downloaded_again_while_it_is_removed(serve: Serve, tmp_path: Path) -> None:
    async with slow_mirror() as mirror:
        client = await serve(model_mirror=mirror)
        socket = await start_download(client)
        removals = [asyncio.ensure_future(client.fetch("DELETE", "/models/tiny")) for _ in range(3)]
        assert {answer.status for answer in await asyncio.gather(*removals)} == {200}
        assert (await client.fetch("POST", "/models/tiny/download", body=b"")).status == 202
        for _ in range(6):
            assert "error" not in (await socket.until("model"))["data"]
        assert (await client.fetch("DELETE", "/models/tiny/download")).json["download"] is None
        assert len(list((tmp_path / "models").glob("*.partial"))) == 1
