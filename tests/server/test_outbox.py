"""What waits for a slow reader: coalesced, in order, bounded."""

import asyncio

import pytest

from localwhisper.server.outbox import Outbox

pytestmark = pytest.mark.gen_test


async def test_order_and_coalescing() -> None:
    outbox = Outbox(lambda: None)
    outbox.put("progress 1", "progress")
    outbox.put("segment 1")
    outbox.put("progress 2", "progress")
    outbox.put("segment 2")
    outbox.finish()
    sent: list[str] = []

    async def send(text: str) -> None:
        sent.append(text)

    await outbox.run(send)
    assert sent == ["segment 1", "progress 2", "segment 2"]


async def test_progress_alone_never_fills_it() -> None:
    outbox = Outbox(lambda: pytest.fail("full"), limit_bytes=100)
    for number in range(1000):
        outbox.put(f"progress {number}", "progress")


async def test_past_the_bound_it_gives_up_once() -> None:
    full: list[bool] = []
    outbox = Outbox(lambda: full.append(True), limit_bytes=100)
    for _ in range(50):
        outbox.put("x" * 10)
    assert full == [True]
    await asyncio.wait_for(outbox.run(lambda text: pytest.fail("sent")), 1)


async def test_one_message_of_any_length_passes() -> None:
    outbox = Outbox(lambda: pytest.fail("full"), limit_bytes=100)
    outbox.put("x" * 1000)
