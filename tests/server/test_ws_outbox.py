"""Frames, and the queue of frames to one socket: ordered, coalesced, bounded."""

import asyncio

import pytest

from localwhisper.server.ws_outbox import Outbox, text_frame

pytestmark = pytest.mark.gen_test


async def test_frames_keep_their_order_and_replace_those_with_the_same_key() -> None:
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
    assert sent == [b"segment 1progress 2segment 2"]  # joined into one write


async def test_replaced_frames_do_not_count_towards_the_limit() -> None:
    outbox = Outbox(lambda: pytest.fail("full"), max_bytes=100)
    for number in range(1000):
        outbox.put(b"progress %d" % number, "progress")


async def test_overflow_is_reported_once_and_discards_everything() -> None:
    full: list[bool] = []
    outbox = Outbox(lambda: full.append(True), max_bytes=100)
    for _ in range(50):
        outbox.put(b"x" * 10)
    assert full == [True]
    await asyncio.wait_for(outbox.run(lambda frames: pytest.fail("sent")), 30)


async def test_a_single_frame_may_exceed_the_limit() -> None:
    outbox = Outbox(lambda: pytest.fail("full"), max_bytes=100)
    outbox.put(b"x" * 1000)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 200_000])
async def test_frames_follow_rfc_6455(length: int) -> None:
    """Two joined frames, parsed by hand; test_sockets.py reads them with tornado's client."""
    texts = ["é" * (length // 2) + "x" * (length % 2), "last"]
    reader = asyncio.StreamReader()
    reader.feed_data(b"".join(map(text_frame, texts)))
    for text in texts:
        first, size = await reader.readexactly(2)
        assert first == 0x81
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        assert (await reader.readexactly(size)).decode() == text
