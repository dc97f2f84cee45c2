"""What waits for a slow reader: coalesced, in order, bounded."""

import asyncio

import pytest

from localwhisper.server.ws_outbox import Outbox, text_frame

pytestmark = pytest.mark.gen_test


async def test_order_and_coalescing() -> None:
    outbox = Outbox(lambda: None)
    outbox.put(b"progress 1", "progress")
    outbox.put(b"segment 1")
    outbox.put(b"progress 2", "progress")
    outbox.put(b"segment 2")
    outbox.finish()
    sent: list[bytes] = []

    async def send(frames: bytes) -> None:
        sent.append(frames)

    await outbox.run(send)
    assert sent == [b"segment 1progress 2segment 2"]  # in one go


async def test_progress_alone_never_fills_it() -> None:
    outbox = Outbox(lambda: pytest.fail("full"), max_bytes=100)
    for number in range(1000):
        outbox.put(b"progress %d" % number, "progress")


async def test_past_the_bound_it_gives_up_once() -> None:
    full: list[bool] = []
    outbox = Outbox(lambda: full.append(True), max_bytes=100)
    for _ in range(50):
        outbox.put(b"x" * 10)
    assert full == [True]
    await asyncio.wait_for(outbox.run(lambda frames: pytest.fail("sent")), 1)


async def test_one_message_of_any_length_passes() -> None:
    outbox = Outbox(lambda: pytest.fail("full"), max_bytes=100)
    outbox.put(b"x" * 1000)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 200_000])
async def test_frames_of_every_length(length: int) -> None:
    """Read as RFC 6455 has it, two of one write; what tornado's client makes of them, test_sockets.py shows."""
    texts = ["é" * (length // 2) + "x" * (length % 2), "last"]
    reader = asyncio.StreamReader()
    reader.feed_data(b"".join(map(text_frame, texts)))
    for text in texts:
        first, size = await reader.readexactly(2)
        assert first == 0x81
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        assert (await reader.readexactly(size)).decode() == text
